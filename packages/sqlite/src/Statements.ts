/** The repository's statements, each compiled once, written so that their index is evident. */
import type { ListState } from "@tokenry/core/adapter"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { listSql } from "./lists.ts"
import { Query, TupleQuery } from "./Query.ts"
import { assertWritable, recordVersion } from "./recordVersion.ts"
import {
  type FoundRow,
  foundColumns,
  tokenColumns,
  tokenOf,
  type TokenRow,
  verifiableColumns,
  type VerifiableRow,
} from "./TokenRow.ts"

const foundWhere = (columns: string, condition: string) =>
  `SELECT ${columns} FROM api_token_secret JOIN api_token ON api_token.number = token_number WHERE ${condition}`

/** The SQL texts, for tests that check SQLite's query plans. */
export const sql = {
  byId: `SELECT ${tokenColumns} FROM api_token WHERE id = ?`,
  manyById: `SELECT ${verifiableColumns} FROM api_token WHERE id IN (SELECT value FROM json_each(?))`,
  byDigest: foundWhere(foundColumns, "digest = ?"),
  byDigests: foundWhere(`${foundColumns}, digest`, "digest IN (SELECT value FROM json_each(?))"),
  ...listSql,
  /** From one key id to the next by the index, instead of over all secrets. */
  keyIds: `WITH RECURSIVE key (id) AS (
      SELECT min(key_id) FROM api_token_secret WHERE key_id IS NOT NULL
      UNION ALL
      SELECT (SELECT min(key_id) FROM api_token_secret WHERE key_id > id) FROM key WHERE id IS NOT NULL)
    SELECT id AS keyId FROM key WHERE id IS NOT NULL
    UNION ALL SELECT NULL WHERE EXISTS (SELECT 1 FROM api_token_secret WHERE key_id IS NULL)`,
  markDelivered: `UPDATE api_token SET undelivered = 0
    WHERE id = ? AND revision = ? AND schema_version <= ${recordVersion} AND readable_from <= ${recordVersion}`,
  digestsTaken: `SELECT 1 FROM api_token_secret
    WHERE digest IN (SELECT value ->> 0 FROM json_each(?)) AND token_number IS NOT ? LIMIT 1`,
} as const

/** What a replace writes over. */
interface StoredRow extends TokenRow {
  readonly number: number
}

/** Call methods that write inside a transaction. */
export class Statements {
  readonly byId: Query<TokenRow>
  readonly manyById: Query<VerifiableRow>
  readonly byDigest: TupleQuery<FoundRow>
  readonly byDigests: TupleQuery<FoundRow>
  readonly owned: Readonly<Record<ListState, Query<TokenRow>>>
  /** The same of one lineage. */
  readonly lineage: Readonly<Record<ListState, Query<TokenRow>>>
  readonly countLive: Query<{ readonly count: number }>
  readonly keyIds: Query<{ readonly keyId: string | null }>
  readonly markDelivered: StatementSync
  readonly #stored: Query<StoredRow>
  readonly #digestsTaken: Query<object>
  readonly #insertToken: StatementSync
  readonly #insertSecrets: StatementSync
  readonly #insertAncestors: StatementSync
  readonly #updates = new Map<string, StatementSync>()
  readonly #db: DatabaseSync
  readonly #deleteSecrets: StatementSync
  readonly #deleteAncestors: StatementSync

  constructor(db: DatabaseSync) {
    this.#db = db
    this.byId = new Query(db, sql.byId)
    this.manyById = new Query(db, sql.manyById)
    this.byDigest = new TupleQuery(db, sql.byDigest)
    this.byDigests = new TupleQuery(db, sql.byDigests)
    this.owned = inEachState(db, sql.owned)
    this.lineage = inEachState(db, sql.lineage)
    this.countLive = new Query(db, sql.countLive)
    this.keyIds = new Query(db, sql.keyIds)
    this.markDelivered = db.prepare(sql.markDelivered)
    this.#stored = new Query(db, `SELECT number, ${tokenColumns} FROM api_token WHERE id = ?`)
    this.#digestsTaken = new Query(db, sql.digestsTaken)
    this.#insertToken = db.prepare(
      `INSERT INTO api_token (${writtenColumns.join(", ")}) VALUES (${writtenColumns.map(() => "?").join(", ")})`,
    )
    this.#insertSecrets = db.prepare(
      `INSERT INTO api_token_secret (token_number, digest, generation, key_id, state, state_at, hint)
       SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?)`,
    )
    this.#insertAncestors = db.prepare(
      "INSERT OR IGNORE INTO api_token_ancestor (ancestor, token_number) SELECT value, ? FROM json_each(?)",
    )
    this.#deleteSecrets = db.prepare("DELETE FROM api_token_secret WHERE token_number = ?")
    this.#deleteAncestors = db.prepare("DELETE FROM api_token_ancestor WHERE token_number = ?")
  }

  /** Returns whether it was inserted: false if the id or a digest already exists. */
  insert(row: TokenRow): boolean {
    if (this.#stored.get(row.id) !== undefined || this.#isTaken(row.secrets, null)) return false
    const number = Number(this.#insertToken.run(...writtenColumns.map((column) => row[column])).lastInsertRowid)
    this.#insertSecrets.run(number, row.secrets)
    this.#insertAncestors.run(number, row.ancestors ?? "[]")
    return true
  }

  /**
   * Writes only what differs: most changes don't touch secrets, and none touches ancestors.
   *
   * @throws DamagedToken, WrittenByNewerVersion
   */
  replace(row: TokenRow, expectedRevision: number): "replaced" | "conflict" | "duplicate" {
    const stored = this.#stored.get(row.id)
    if (stored === undefined) return "conflict"
    assertWritable(stored)
    tokenOf(stored)
    if (stored.revision !== expectedRevision) return "conflict"
    const { number } = stored
    if (row.secrets !== stored.secrets) {
      if (this.#isTaken(row.secrets, number)) return "duplicate"
      this.#deleteSecrets.run(number)
      this.#insertSecrets.run(number, row.secrets)
    }
    if (row.ancestors !== stored.ancestors) {
      this.#deleteAncestors.run(number)
      this.#insertAncestors.run(number, row.ancestors ?? "[]")
    }
    this.#update(row, stored)
    return "replaced"
  }

  /** Sets only what differs: SQLite rewrites every index that has a column of the list, even if its value stays. */
  #update(row: TokenRow, stored: StoredRow): void {
    const changed = writtenColumns.filter((column) => row[column] !== stored[column])
    if (changed.length === 0) return
    const text = `UPDATE api_token SET ${changed.map((column) => `${column} = ?`).join(", ")} WHERE number = ?`
    const update = this.#updates.get(text) ?? this.#db.prepare(text)
    this.#updates.set(text, update)
    update.run(...changed.map((column) => row[column]), stored.number)
  }

  #isTaken(secrets: string, exceptBy: number | null): boolean {
    return this.#digestsTaken.get(secrets, exceptBy) !== undefined
  }
}

/** The columns of `api_token` that a write sets. Secrets have their own table. */
const writtenColumns = [
  "schema_version",
  "readable_from",
  "id",
  "owned_by",
  "scopes",
  "expires_at",
  "revoked_at",
  "revocation_reason",
  "ancestors",
  "bound_to",
  "name",
  "created_at",
  "issued_to",
  "revision",
  "undelivered",
  "history",
] as const satisfies ReadonlyArray<keyof TokenRow>

const inEachState = (
  db: DatabaseSync,
  texts: Readonly<Record<ListState, string>>,
): Readonly<Record<ListState, Query<TokenRow>>> => ({
  live: new Query(db, texts.live),
  dead: new Query(db, texts.dead),
  any: new Query(db, texts.any),
})
