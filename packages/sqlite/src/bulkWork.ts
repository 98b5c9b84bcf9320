/** Changes of many tokens: in batches, each a transaction of its own, between which the event loop turns. */
import {
  type ApiTokenRepository,
  type Attribution,
  OwnerId,
  type RepositoryUnavailable,
  type Revocation,
} from "@tokenry/core"
import { Effect, Option } from "effect"
import { beyondAll, issuedToOf, millisecondsOf } from "./arguments.ts"
import { Query } from "./Query.ts"
import type { SqliteDatabase } from "./SqliteDatabase.ts"
import { rowOf, tokenColumns, tokenOf, type TokenRow } from "./TokenRow.ts"

export const bulkSql = {
  unrevokedOf: `SELECT ${tokenColumns} FROM api_token
    WHERE owned_by = ? AND (created_at, id) < (?, ?) AND revoked_at IS NULL
    ORDER BY created_at DESC, id DESC LIMIT ?`,
  unrevokedIssuedTo: `SELECT ${tokenColumns} FROM api_token
    WHERE issued_to = ? AND id > ? AND revoked_at IS NULL AND owned_by = ifnull(?, owned_by)
    ORDER BY id LIMIT ?`,
  dead: "SELECT number, id FROM api_token WHERE expires_at < ? OR revoked_at < ? LIMIT ?",
  mintedBy: `SELECT DISTINCT token_number FROM api_token_ancestor
    WHERE ancestor IN (SELECT value FROM json_each(?)) LIMIT ?`,
} as const

/** How many tokens a transaction changes: some milliseconds' work. */
const batchSize = 100

export const bulkWorkOn = (
  database: SqliteDatabase,
): Pick<ApiTokenRepository["Service"], "revokeOwnedBy" | "revokeIssuedTo" | "purge"> => {
  const db = database.connection
  const unrevokedOf = new Query<TokenRow>(db, bulkSql.unrevokedOf)
  const unrevokedIssuedTo = new Query<TokenRow>(db, bulkSql.unrevokedIssuedTo)
  const dead = new Query<readonly [number: number, id: string]>(db, bulkSql.dead)
  const mintedBy = new Query<readonly [number: number]>(db, bulkSql.mintedBy)
  const remove = db.prepare("DELETE FROM api_token WHERE number IN (SELECT value FROM json_each(?))")
  const update = db.prepare(
    "UPDATE api_token SET revoked_at = ?, revocation_reason = ?, revision = ?, undelivered = ?, history = ? WHERE id = ?",
  )

  /** Revokes what is selected, from the last position on; the entity decides what that changes. */
  const revokeAll = (
    operation: string,
    rowsAfter: (last: TokenRow | undefined) => ReadonlyArray<TokenRow>,
    revocation: Revocation,
    by: Attribution,
  ) =>
    inBatches((last: TokenRow | undefined) =>
      database.write(operation, () => {
        // Also where there is nothing to revoke, an instant that is missing is a defect.
        millisecondsOf(revocation.at)
        const rows = rowsAfter(last)
        for (const row of rows) {
          const [id, , , , revokedAt, revocationReason, , , , , revision, undelivered, history] = rowOf(
            tokenOf(row).revoke(revocation, by),
          )
          update.run(revokedAt, revocationReason, revision, undelivered, history, id)
        }
        return { count: rows.length, next: rows.length < batchSize ? undefined : rows.at(-1) }
      }),
    )

  return {
    revokeOwnedBy: (ownedBy, revocation, by) =>
      revokeAll(
        "revokeOwnedBy",
        (last) => unrevokedOf.all(OwnerId.assert(ownedBy), last?.[8] ?? beyondAll, last?.[0] ?? "", batchSize),
        revocation,
        by,
      ),

    revokeIssuedTo: (issuedTo, ownedBy, revocation, by) =>
      revokeAll(
        "revokeIssuedTo",
        (last) =>
          unrevokedIssuedTo.all(
            issuedToOf(issuedTo),
            last?.[0] ?? "",
            Option.isSome(ownedBy) ? OwnerId.assert(ownedBy.value) : null,
            batchSize,
          ),
        revocation,
        by,
      ),

    // What was minted by means of a dead token goes first, or in the same transaction, so that it is never left behind.
    purge: (diedBefore) =>
      inBatches(() =>
        database.write("purge", () => {
          const before = millisecondsOf(diedBefore)
          const found = dead.all(before, before, batchSize)
          const below = mintedBy.all(JSON.stringify(found.map(([, id]) => id)), batchSize)
          const doomed = below.length < batchSize ? [...below, ...found] : below
          const { changes } = remove.run(JSON.stringify(doomed.map(([number]) => number)))
          return { count: Number(changes), next: doomed.length < batchSize ? undefined : doomed }
        }),
      ),
  }
}

/** Runs batch after batch until there is no next one, and adds up what they did. */
const inBatches = <Position>(
  batch: (
    position: Position | undefined,
  ) => Effect.Effect<{ readonly count: number; readonly next: Position | undefined }, RepositoryUnavailable>,
): Effect.Effect<number, RepositoryUnavailable> =>
  Effect.gen(function* () {
    let { count: total, next } = yield* batch(undefined)
    while (next !== undefined) {
      yield* Effect.yieldNow
      const done: { readonly count: number; readonly next: Position | undefined } = yield* batch(next)
      total += done.count
      next = done.next
    }
    return total
  })
