/** The repository's statements, each compiled once, written so that the index which each uses is evident. */
import type { ListState } from "@tokenry/core"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { Query } from "./Query.ts"
import {
  type FoundRow,
  foundColumns,
  secretsColumn,
  tokenColumns,
  type TokenRow,
  verifiableColumns,
  type VerifiableRow,
} from "./TokenRow.ts"

// Parameters are plain `?`, since Node 22.13 can't bind numbered ones by their order.

/** Each takes the instant as its one parameter, `any` too, so that all three take the same ones. */
const inState: Readonly<Record<ListState, string>> = {
  live: "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
  dead: "(revoked_at IS NOT NULL OR expires_at <= ?)",
  any: "? IS NOT NULL",
}

const byDigestWhere = (condition: string) =>
  `SELECT ${foundColumns} FROM api_token_secret JOIN api_token ON api_token.number = token_number WHERE ${condition}`

const ownedWhere = (condition: string) =>
  `SELECT ${tokenColumns} FROM api_token WHERE owned_by = ? AND (created_at, id) < (?, ?) AND ${condition}
   ORDER BY created_at DESC, id DESC LIMIT ?`

/** Takes the id twice. The `+` keeps SQLite at the index that has the owner's tokens in order, and has their numbers. */
const ofLineage = `+number IN (
    SELECT token_number FROM api_token_ancestor WHERE ancestor = ?
    UNION ALL SELECT number FROM api_token WHERE id = ?)`

/** The texts, for the tests that ask SQLite for their plans. */
export const sql = {
  byId: `SELECT ${tokenColumns} FROM api_token WHERE id = ?`,
  manyById: `SELECT ${verifiableColumns} FROM api_token WHERE id IN (SELECT value FROM json_each(?))`,
  byDigest: byDigestWhere("digest = ?"),
  byDigests: byDigestWhere("digest IN (SELECT value FROM json_each(?))"),
  owned: { live: ownedWhere(inState.live), dead: ownedWhere(inState.dead), any: ownedWhere(inState.any) },
  lineage: {
    live: ownedWhere(`${inState.live} AND ${ofLineage}`),
    dead: ownedWhere(`${inState.dead} AND ${ofLineage}`),
    any: ownedWhere(`${inState.any} AND ${ofLineage}`),
  },
  countLive: `SELECT count(*) FROM api_token WHERE owned_by = ? AND ${inState.live}`,
  /** From one key id to the next by the index, instead of over all secrets. */
  keyIds: `WITH RECURSIVE key (id) AS (
      SELECT min(key_id) FROM api_token_secret WHERE key_id IS NOT NULL
      UNION ALL
      SELECT (SELECT min(key_id) FROM api_token_secret WHERE key_id > id) FROM key WHERE id IS NOT NULL)
    SELECT id FROM key WHERE id IS NOT NULL
    UNION ALL SELECT NULL WHERE EXISTS (SELECT 1 FROM api_token_secret WHERE key_id IS NULL)`,
  markDelivered: "UPDATE api_token SET undelivered = 0 WHERE id = ? AND revision = ?",
  digestsTaken: `SELECT 1 FROM api_token_secret
    WHERE digest IN (SELECT value ->> 0 FROM json_each(?)) AND token_number IS NOT ? LIMIT 1`,
} as const

/** Methods that write belong into a transaction. */
export class Statements {
  readonly byId: Query<TokenRow>
  readonly manyById: Query<VerifiableRow>
  readonly byDigest: Query<FoundRow>
  readonly byDigests: Query<FoundRow>
  readonly owned: Readonly<Record<ListState, Query<TokenRow>>>
  /** The same of one lineage. */
  readonly lineage: Readonly<Record<ListState, Query<TokenRow>>>
  readonly countLive: Query<readonly [number]>
  readonly keyIds: Query<readonly [string | null]>
  readonly markDelivered: StatementSync
  readonly #stored: Query<readonly [number: number, revision: number, ancestors: string | null, secrets: string]>
  readonly #digestsTaken: Query<readonly [1]>
  readonly #insertToken: StatementSync
  readonly #insertSecrets: StatementSync
  readonly #insertAncestors: StatementSync
  readonly #updateToken: StatementSync
  readonly #deleteSecrets: StatementSync
  readonly #deleteAncestors: StatementSync

  constructor(db: DatabaseSync) {
    this.byId = new Query(db, sql.byId)
    this.manyById = new Query(db, sql.manyById)
    this.byDigest = new Query(db, sql.byDigest)
    this.byDigests = new Query(db, sql.byDigests)
    this.owned = inEachState(db, sql.owned)
    this.lineage = inEachState(db, sql.lineage)
    this.countLive = new Query(db, sql.countLive)
    this.keyIds = new Query(db, sql.keyIds)
    this.markDelivered = db.prepare(sql.markDelivered)
    this.#stored = new Query(db, `SELECT number, revision, ancestors, ${secretsColumn} FROM api_token WHERE id = ?`)
    this.#digestsTaken = new Query(db, sql.digestsTaken)
    this.#insertToken = db.prepare(
      `INSERT INTO api_token (id, owned_by, scopes, expires_at, revoked_at, revocation_reason, ancestors, name,
         created_at, issued_to, revision, undelivered, history)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#insertSecrets = db.prepare(
      `INSERT INTO api_token_secret (digest, token_number, generation, key_id, retiring_until, retired_at, hint)
       SELECT value ->> 0, ?, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?)`,
    )
    this.#insertAncestors = db.prepare(
      "INSERT OR IGNORE INTO api_token_ancestor (ancestor, token_number) SELECT value, ? FROM json_each(?)",
    )
    this.#updateToken = db.prepare(
      `UPDATE api_token
       SET id = ?, owned_by = ?, scopes = ?, expires_at = ?, revoked_at = ?, revocation_reason = ?, ancestors = ?,
         name = ?, created_at = ?, issued_to = ?, revision = ?, undelivered = ?, history = ?
       WHERE number = ?`,
    )
    this.#deleteSecrets = db.prepare("DELETE FROM api_token_secret WHERE token_number = ?")
    this.#deleteAncestors = db.prepare("DELETE FROM api_token_ancestor WHERE token_number = ?")
  }

  /** Whether it was inserted: not if the id or a digest is there already. */
  insert(row: TokenRow): boolean {
    const [id, , , , , , ancestors] = row
    const secrets = row[13]
    if (this.#stored.get(id) !== undefined || this.#isTaken(secrets, null)) return false
    const number = Number(this.#insertToken.run(...row.slice(0, 13)).lastInsertRowid)
    this.#insertSecrets.run(number, secrets)
    this.#insertAncestors.run(number, ancestors ?? "[]")
    return true
  }

  /** Most changes leave the secrets as they are, and all of them the ancestors: those are written if they differ. */
  replace(row: TokenRow, expectedRevision: number): "replaced" | "conflict" | "duplicate" {
    const [id, , , , , , ancestors] = row
    const secrets = row[13]
    const stored = this.#stored.get(id)
    if (stored === undefined || stored[1] !== expectedRevision) return "conflict"
    const [number, , storedAncestors, storedSecrets] = stored
    if (secrets !== storedSecrets) {
      if (this.#isTaken(secrets, number)) return "duplicate"
      this.#deleteSecrets.run(number)
      this.#insertSecrets.run(number, secrets)
    }
    if (ancestors !== storedAncestors) {
      this.#deleteAncestors.run(number)
      this.#insertAncestors.run(number, ancestors ?? "[]")
    }
    this.#updateToken.run(...row.slice(0, 13), number)
    return "replaced"
  }

  #isTaken(secrets: string, exceptBy: number | null): boolean {
    return this.#digestsTaken.get(secrets, exceptBy) !== undefined
  }
}

const inEachState = (
  db: DatabaseSync,
  texts: Readonly<Record<ListState, string>>,
): Readonly<Record<ListState, Query<TokenRow>>> => ({
  live: new Query(db, texts.live),
  dead: new Query(db, texts.dead),
  any: new Query(db, texts.any),
})
