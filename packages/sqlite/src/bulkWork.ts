/** Bulk changes in slices of a few milliseconds, each its own transaction. The event loop runs between them. */
import { type Attribution, DamagedToken, type RepositoryUnavailable, type Revocation } from "@tokenry/core"
import { type ApiTokenRepository, OwnerId } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { beyondAll, issuedToOf, millisecondsOf } from "./arguments.ts"
import { checkpoint } from "./checkpoint.ts"
import { Query } from "./Query.ts"
import type { SqliteDatabase } from "./SqliteDatabase.ts"
import { attempt, logSkipped } from "./readableRows.ts"
import { assertWritable, recordVersion, WrittenByNewerVersion } from "./recordVersion.ts"
import { Slice } from "./Slice.ts"
import { rowOf, tokenColumns, tokenOf, type TokenRow } from "./TokenRow.ts"

export const bulkSql = {
  unrevokedOf: `SELECT ${tokenColumns} FROM api_token
    WHERE owned_by = ? AND (created_at, id) < (?, ?) AND revoked_at IS NULL
    ORDER BY created_at DESC, id DESC LIMIT ? + 0`,
  unrevokedIssuedTo: `SELECT ${tokenColumns} FROM api_token
    WHERE issued_to = ? AND id > ? AND revoked_at IS NULL ORDER BY id LIMIT ? + 0`,
  ownersUnrevokedIssuedTo: `SELECT ${tokenColumns} FROM api_token
    WHERE owned_by = ? AND issued_to = ? AND id > ? AND revoked_at IS NULL ORDER BY id LIMIT ? + 0`,
  dead: `SELECT number, id FROM api_token
    WHERE (expires_at < ? OR revoked_at < ?) AND max(schema_version, readable_from) <= ${recordVersion} LIMIT ? + 0`,
  deadOfNewerVersions: `SELECT id, schema_version, readable_from FROM api_token
    WHERE (expires_at < ? OR revoked_at < ?) AND max(schema_version, readable_from) > ${recordVersion}`,
  mintedBy: `SELECT DISTINCT token_number AS number FROM api_token_ancestor JOIN api_token ON number = token_number
    WHERE ancestor IN (SELECT value FROM json_each(?)) AND max(schema_version, readable_from) <= ${recordVersion} LIMIT ? + 0`,
} as const

/** How many tokens one transaction changes at most; fewer if its slice is over. */
const batchSize = 100
/** How many tokens one statement deletes: well under a slice. */
const deletedAtOnce = 20

export const bulkWorkOn = (
  database: SqliteDatabase,
): Pick<ApiTokenRepository["Service"], "revokeOwnedBy" | "revokeIssuedTo" | "purge"> => {
  const db = database.connection
  const unrevokedOf = new Query<TokenRow>(db, bulkSql.unrevokedOf)
  const unrevokedIssuedTo = new Query<TokenRow>(db, bulkSql.unrevokedIssuedTo)
  const ownersUnrevokedIssuedTo = new Query<TokenRow>(db, bulkSql.ownersUnrevokedIssuedTo)
  const dead = new Query<{ readonly number: number; readonly id: string }>(db, bulkSql.dead)
  const deadOfNewerVersions = new Query<VersionedRow>(db, bulkSql.deadOfNewerVersions)
  const mintedBy = new Query<{ readonly number: number }>(db, bulkSql.mintedBy)
  const remove = db.prepare("DELETE FROM api_token WHERE number IN (SELECT value FROM json_each(?))")
  const update = db.prepare(
    "UPDATE api_token SET revoked_at = ?, revocation_reason = ?, revision = ?, undelivered = ?, history = ? WHERE id = ?",
  )
  const revokeDamaged = db.prepare(
    "UPDATE api_token SET revoked_at = ?, revocation_reason = ?, revision = revision + 1 WHERE id = ?",
  )

  /** The entity decides what a revocation changes. A damaged token keeps its other fields, but must be revoked too. */
  const revokeOne = (row: TokenRow, revocation: Revocation, by: Attribution) => {
    const token = attempt(() => {
      assertWritable(row)
      return tokenOf(row)
    })
    if (token instanceof WrittenByNewerVersion) return token
    if (token instanceof DamagedToken) {
      revokeDamaged.run(millisecondsOf(revocation.at), revocation.reason, row.id)
      return token
    }
    const { id, revoked_at, revocation_reason, revision, undelivered, history } = rowOf(token.revoke(revocation, by))
    update.run(revoked_at, revocation_reason, revision, undelivered, history, id)
    return undefined
  }

  /** Revokes the selection, starting after the last position. */
  const revokeAll = (
    operation: string,
    rowsAfter: (last: TokenRow | undefined) => ReadonlyArray<TokenRow>,
    revocation: Revocation,
    by: Attribution,
  ) =>
    inBatches(database, operation, (last: TokenRow | undefined) =>
      database.write(operation, () => {
        // A missing instant is a defect even if there is nothing to revoke.
        millisecondsOf(revocation.at)
        const slice = new Slice()
        const rows = rowsAfter(last)
        const skipped: Array<Error> = []
        let count = 0
        for (const row of rows) {
          const error = revokeOne(row, revocation, by)
          if (error !== undefined) skipped.push(error)
          if (!(error instanceof WrittenByNewerVersion)) count += 1
          if (slice.isOver) return { count, skipped, next: row }
        }
        return { count, skipped, next: rows.length < batchSize ? undefined : rows.at(-1) }
      }),
    )

  return {
    revokeOwnedBy: (ownedBy, revocation, by) =>
      revokeAll(
        "revokeOwnedBy",
        (last) => unrevokedOf.all(OwnerId.assert(ownedBy), last?.created_at ?? beyondAll, last?.id ?? "", batchSize),
        revocation,
        by,
      ),

    revokeIssuedTo: (issuedTo, ownedBy, revocation, by) =>
      revokeAll(
        "revokeIssuedTo",
        (last) => {
          const thirdParty = issuedToOf(issuedTo)
          return Option.isSome(ownedBy)
            ? ownersUnrevokedIssuedTo.all(OwnerId.assert(ownedBy.value), thirdParty, last?.id ?? "", batchSize)
            : unrevokedIssuedTo.all(thirdParty, last?.id ?? "", batchSize)
        },
        revocation,
        by,
      ),

    // Tokens minted with a dead token go first or in the same transaction, so they are never left behind.
    purge: (diedBefore) =>
      inBatches(database, "purge", () =>
        database.write("purge", () => {
          const before = millisecondsOf(diedBefore)
          const slice = new Slice()
          let count = 0
          for (;;) {
            const found = dead.all(before, before, deletedAtOnce)
            const below = mintedBy.all(JSON.stringify(found.map(({ id }) => id)), deletedAtOnce)
            const doomed = below.length < deletedAtOnce ? [...below, ...found] : below
            count += Number(remove.run(JSON.stringify(doomed.map(({ number }) => number))).changes)
            if (doomed.length < deletedAtOnce) {
              return { count, skipped: deadOfNewerVersions.all(before, before).flatMap(flawOf), next: undefined }
            }
            if (slice.isOver || count >= batchSize) return { count, skipped: [], next: doomed }
          }
        }),
      ),
  }
}

type VersionedRow = Pick<TokenRow, "id" | "schema_version" | "readable_from">

const flawOf = (row: VersionedRow): ReadonlyArray<Error> => {
  const flaw = attempt(() => assertWritable(row))
  return flaw === undefined ? [] : [flaw]
}

interface Batch<Position> {
  readonly count: number
  /** Why tokens were skipped. */
  readonly skipped: ReadonlyArray<Error>
  readonly next: Position | undefined
}

/** Runs batches until there are no more, adds up their counts, and logs skipped tokens. */
const inBatches = <Position>(
  database: SqliteDatabase,
  operation: string,
  batch: (position: Position | undefined) => Effect.Effect<Batch<Position>, RepositoryUnavailable>,
): Effect.Effect<number, RepositoryUnavailable> =>
  Effect.gen(function* () {
    let total = 0
    let position: Position | undefined
    do {
      // Before the first batch too: Node runs an immediate in the turn that scheduled it, so the second would follow at once.
      yield* Effect.yieldNow
      const { count, skipped, next } = yield* batch(position)
      total += count
      position = next
      yield* logSkipped(operation, skipped)
      yield* checkpoint(database)
    } while (position !== undefined)
    return total
  })
