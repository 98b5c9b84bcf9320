/** The token repository on SQLite, with its usage store and its change feed. */
import { type ApiToken, DuplicateToken, RevisionConflict } from "@tokenry/core"
import {
  ApiTokenRepository,
  type FoundToken,
  type KeyId,
  type ListQuery,
  OwnerId,
  type Replacement,
  TokenChanges,
  type TokenId,
  TokenUsageStore,
} from "@tokenry/core/adapter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { DatabaseSync } from "node:sqlite"
import { beyondAll, idOf, limitOf, millisecondsOf } from "./arguments.ts"
import { bulkWorkOn } from "./bulkWork.ts"
import { checkpoint } from "./checkpoint.ts"
import type { ListParameters } from "./lists.ts"
import { migrate } from "./Migrations.ts"
import { attempt, logSkipped, type Readable, readable } from "./readableRows.ts"
import { tokenMigrations } from "./schema.ts"
import { Slice } from "./Slice.ts"
import { SqliteDatabase, type SqliteOptions } from "./SqliteDatabase.ts"
import { openErrorOf, type SqliteOpenError } from "./SqliteOpenError.ts"
import { changesOn } from "./SqliteChanges.ts"
import { usageStoreOn } from "./SqliteUsageStore.ts"
import { Statements } from "./Statements.ts"
import { streamsFrom } from "./streams.ts"
import { foundOf, rowOf, tokenOf, verifiableOf } from "./TokenRow.ts"

type Services = ApiTokenRepository | TokenUsageStore | TokenChanges

/** Opens and migrates the file, and closes it when the layer is released. */
const layer = (options: SqliteOptions): Layer.Layer<Services, SqliteOpenError> =>
  Layer.effectContext(Effect.flatMap(SqliteDatabase.openScoped(options), make))

/**
 * Uses a database that your application has opened and will close: a `SqliteDatabase`, or a `DatabaseSync` of `node:sqlite`.
 * It makes Tokenry's tables there.
 */
const layerFrom = (database: SqliteDatabase | DatabaseSync): Layer.Layer<Services, SqliteOpenError> =>
  Layer.effectContext(
    Effect.flatMap(
      database instanceof SqliteDatabase
        ? Effect.succeed(database)
        : Effect.try({ try: () => SqliteDatabase.from(database), catch: (error) => error as SqliteOpenError }),
      make,
    ),
  )

/** `migrations` are the repository's own. Pass them to `migrate` to undo them, or to apply them ahead of time. */
export const SqliteRepository = { layer, layerFrom, migrations: tokenMigrations } as const

const make = Effect.fnUntraced(function* (database: SqliteDatabase) {
  yield* migrate(database, { migrations: tokenMigrations })
  return yield* database
    .read("prepare", () =>
      Context.make(ApiTokenRepository, repositoryOn(database)).pipe(
        Context.add(TokenUsageStore, usageStoreOn(database)),
        Context.add(TokenChanges, changesOn(database)),
      ),
    )
    .pipe(Effect.mapError((outage) => openErrorOf(database.filename, outage)))
})

/** Compiles its statements, so the tables must exist. */
const repositoryOn = (database: SqliteDatabase): ApiTokenRepository["Service"] => {
  const statements = new Statements(database.connection)

  return ApiTokenRepository.of({
    insert: (token) =>
      database
        .write("insert", () => statements.insert(rowOf(token)))
        .pipe(
          Effect.flatMap((inserted) => (inserted ? Effect.void : Effect.fail(new DuplicateToken({ id: token.id })))),
        ),

    findById: (id) =>
      database.read("findById", () => Option.map(Option.fromUndefinedOr(statements.byId.get(idOf(id))), tokenOf)),

    findManyById: (ids) =>
      ids.length === 0
        ? noTokens
        : database.read("findManyById", () => statements.manyById.all(JSON.stringify(ids.map(idOf))).map(verifiableOf)),

    findByDigest: (candidates) => {
      const [only] = candidates
      if (only === undefined) return nothingFound
      return database.readNow("findByDigest", () => {
        const row =
          candidates.length === 1
            ? statements.byDigest.get(only.hex)
            : statements.byDigests.get(JSON.stringify(candidates.map(({ hex }) => hex)))
        return row === undefined ? Option.none() : Option.some(foundOf(row, only))
      })
    },

    replace: (token, expectedRevision) =>
      database
        .write("replace", () => statements.replace(rowOf(token), expectedRevision))
        .pipe(
          Effect.flatMap((outcome): Effect.Effect<void, RevisionConflict | DuplicateToken> => {
            switch (outcome) {
              case "replaced":
                return Effect.void
              case "conflict":
                return Effect.fail(new RevisionConflict({ id: token.id }))
              case "duplicate":
                return Effect.fail(new DuplicateToken({ id: token.id }))
            }
          }),
        ),

    replaceMany: (replacements) =>
      Effect.gen(function* () {
        const missed: Array<TokenId> = []
        for (let next = 0; next < replacements.length;) {
          yield* Effect.yieldNow
          const slice = yield* database.write("replaceMany", () => replaceSlice(statements, replacements, next))
          missed.push(...slice.missed)
          next = slice.next
          yield* checkpoint(database)
        }
        return missed
      }),

    listOwnedBy: (query) =>
      database
        .read("listOwnedBy", () => pageOf(statements, query))
        .pipe(
          Effect.tap(({ skipped }) => logSkipped("listOwnedBy", skipped)),
          Effect.map(({ items }) => items),
        ),

    countLiveOwnedBy: (ownedBy, now) =>
      database.read(
        "countLiveOwnedBy",
        () => statements.countLive.getNamed({ owner: OwnerId.assert(ownedBy), now: millisecondsOf(now) })?.count ?? 0,
      ),

    markDelivered: (id, revision) =>
      database.write("markDelivered", () => void statements.markDelivered.run(idOf(id), revision)),

    keyIdsInUse: database.read("keyIdsInUse", () =>
      statements.keyIds.all().map(({ keyId }) => Option.fromNullOr(keyId as KeyId | null)),
    ),

    ...bulkWorkOn(database),
    ...streamsFrom(database),
  })
}

/** Replaces tokens, beginning with number `from`, until the time slice is over. */
const replaceSlice = (statements: Statements, replacements: ReadonlyArray<Replacement>, from: number) => {
  const slice = new Slice()
  const missed: Array<TokenId> = []
  let next = from
  for (const { token, expectedRevision } of replacements.slice(from)) {
    const outcome = attempt(() => statements.replace(rowOf(token), expectedRevision))
    if (outcome !== "replaced") missed.push(token.id)
    next += 1
    if (slice.isOver) break
  }
  return { missed, next }
}

/** A page of readable tokens. Reads on past unreadable ones, or a short page would look like the last. */
const pageOf = (
  statements: Statements,
  { ownedBy, state, now, lineageOf, after, limit }: ListQuery,
): Readable<ApiToken> => {
  const owner = OwnerId.assert(ownedBy)
  const milliseconds = millisecondsOf(now)
  const lineage = lineageOf === undefined ? undefined : idOf(lineageOf)
  const rowsAfter = (createdAt: number, id: string, count: number) => {
    const parameters: ListParameters = { owner, createdAt, id, now: milliseconds, limit: count }
    return lineage === undefined
      ? statements.owned[state].allNamed({ ...parameters })
      : statements.lineage[state].allNamed({ ...parameters, lineage })
  }

  const items: Array<ApiToken> = []
  const skipped: Array<Error> = []
  let createdAt = Option.isSome(after) ? millisecondsOf(after.value.createdAt) : beyondAll
  let id = Option.isSome(after) ? idOf(after.value.id) : ""
  for (let missing = limitOf(limit); missing > 0; missing = limit - items.length) {
    const rows = rowsAfter(createdAt, id, missing)
    const found = readable(rows, tokenOf)
    items.push(...found.items)
    skipped.push(...found.skipped)
    const last = rows.at(-1)
    if (last === undefined || rows.length < missing) break
    createdAt = last.created_at
    id = last.id
  }
  return { items, skipped }
}

const nothingFound = Exit.succeed(Option.none<FoundToken>())
const noTokens = Exit.succeed([])
