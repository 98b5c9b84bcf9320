/** Bulk changes in batches, each its own transaction with its own deadline. */
import { type Attribution, RepositoryUnavailable, type Revocation } from "@tokenry/core"
import { type ApiTokenRepository, OwnerId } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { issuedToOf, timestampOf } from "./arguments.ts"
import { bulkStatementsOn } from "./bulkStatements.ts"
import { NewerRecord } from "./NewerRecord.ts"
import {
  afterAll,
  beforeAll,
  beforeAllOwners,
  logDamaged,
  type PageRow,
  type Position,
  positionByOwner,
  positionOf,
  readableOf,
} from "./pages.ts"
import type { PostgresDatabase, Query } from "./PostgresDatabase.ts"
import type { Statement } from "./Statement.ts"
import type { Tables } from "./tables.ts"
import { historyOf, isNewer, tokenOf } from "./TokenRecord.ts"

/** How many tokens one transaction locks: few enough not to hold up single changes. */
const batchSize = 250

/** What one batch did, and the next batch's position; none after the last. */
interface Batch {
  readonly count: number
  readonly next: Position | undefined
}

/** The tokens of a bulk revocation, page by page. */
interface Selection {
  readonly page: Statement
  readonly from: Position
  readonly positionOf: (row: PageRow) => Position
  readonly values: ReadonlyArray<unknown>
}

export const bulkWorkOn = (
  database: PostgresDatabase,
  tables: Tables,
): Pick<ApiTokenRepository["Service"], "revokeOwnedBy" | "revokeIssuedTo" | "purge"> => {
  const statements = bulkStatementsOn(tables)

  /** The entity decides what revoking it changes. */
  const revokeBatch = async (query: Query, rows: ReadonlyArray<PageRow>, revocation: Revocation, by: Attribution) => {
    const ours = rows.flatMap(({ record }) => (record === null || isNewer(record) ? [] : [record]))
    const { values: tokens, damaged } = readableOf(ours, tokenOf)
    const changes = tokens.map((token) => {
      const { id, revision, undelivered, history } = token.revoke(revocation, by)
      return { id, revision, undelivered, history: JSON.parse(historyOf({ history })) as unknown }
    })
    if (changes.length > 0) {
      await query(statements.revoke, [JSON.stringify(changes), timestampOf(revocation.at), revocation.reason])
    }
    return { count: changes.length, damaged, hasNewer: ours.length < rows.length }
  }

  /**
   * First the tokens no other transaction holds, so one slow transaction can't keep thousands of tokens alive; then the
   * rest, waiting for each.
   */
  const revokeAll = (operation: string, select: () => Selection, revocation: Revocation, by: Attribution) =>
    Effect.gen(function* () {
      // A missing instant is a defect even if there is nothing to revoke.
      timestampOf(revocation.at)
      const { page, from, positionOf, values } = select()
      let total = 0
      let hasNewer = false
      for (const lock of [statements.unrevoked.unlocked, statements.unrevoked.all]) {
        total += yield* inBatches(from, ({ at, id }) =>
          Effect.gen(function* () {
            const done = yield* database.write(operation, async (query) => {
              const rows = await query<PageRow>(page, [at, id, batchSize, ...values])
              const locked = await query<PageRow>(lock, [rows.map((row) => row.id)])
              const last = rows.length < batchSize ? undefined : rows.at(-1)
              return { ...(await revokeBatch(query, locked, revocation, by)), next: last && positionOf(last) }
            })
            if (lock === statements.unrevoked.all) {
              yield* logDamaged(done.damaged)
              hasNewer ||= done.hasNewer
            }
            return done
          }),
        )
      }
      if (hasNewer) return yield* new RepositoryUnavailable({ operation, cause: new NewerRecord({ id: "" }) })
      return total
    })

  /** Tokens minted with a dead token go first or in the same transaction, so they are never left behind. */
  const purgeBatch = async (
    query: Query,
    statement: Statement,
    diedBefore: string,
    { at, id }: Position,
  ): Promise<Batch> => {
    const dead = await query<PageRow>(statement, [at, id, batchSize, diedBefore])
    const below = await query<PageRow>(statements.mintedBy, [dead.map((row) => row.id), batchSize])
    const isLineageComplete = below.length < batchSize
    const doomed = isLineageComplete ? [...below, ...dead] : below
    const [removed] = await query<{ readonly count: string }>(statements.remove, [doomed.map((row) => row.id)])
    const last = dead.length < batchSize ? undefined : dead.at(-1)
    const next = last === undefined ? undefined : positionOf(last)
    return { count: Number(removed?.count ?? 0), next: isLineageComplete ? next : { at, id } }
  }

  return {
    revokeOwnedBy: (ownedBy, revocation, by) =>
      revokeAll(
        "revokeOwnedBy",
        () => ({ page: statements.ofOwner, from: afterAll, positionOf, values: [OwnerId.assert(ownedBy)] }),
        revocation,
        by,
      ),

    revokeIssuedTo: (issuedTo, ownedBy, revocation, by) =>
      revokeAll(
        "revokeIssuedTo",
        () => {
          const third = issuedToOf(issuedTo)
          const byOwner = { from: beforeAllOwners, positionOf: positionByOwner }
          return Option.isSome(ownedBy)
            ? { page: statements.issuedToOne, ...byOwner, values: [third, OwnerId.assert(ownedBy.value)] }
            : { page: statements.issuedTo, ...byOwner, values: [third] }
        },
        revocation,
        by,
      ),

    purge: (diedBefore) =>
      Effect.gen(function* () {
        const before = timestampOf(diedBefore)
        let total = 0
        for (const statement of [statements.dead.unlocked, statements.dead.all]) {
          total += yield* inBatches(beforeAll, (position) =>
            database.write("purge", (query) => purgeBatch(query, statement, before, position)),
          )
        }
        return total
      }),
  }
}

/** Runs batches until there are no more, and adds up their counts. */
const inBatches = (
  from: Position,
  batch: (position: Position) => Effect.Effect<Batch, RepositoryUnavailable>,
): Effect.Effect<number, RepositoryUnavailable> =>
  Effect.gen(function* () {
    let total = 0
    let position: Position | undefined = from
    while (position !== undefined) {
      const done: Batch = yield* batch(position)
      total += done.count
      position = done.next
    }
    return total
  })
