/** The ports' methods, on tables that already exist. */
import { type ApiToken, DuplicateToken, RepositoryUnavailable, RevisionConflict } from "@tokenry/core"
import {
  ApiTokenRepository,
  type FoundToken,
  type KeyId,
  type ListQuery,
  OwnerId,
  TokenChanges,
  TokenUsageStore,
} from "@tokenry/core/adapter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { byteaOf, idOf, limitOf, revisionOf, timestampOf } from "./arguments.ts"
import { bulkWorkOn } from "./bulkWork.ts"
import { changesOn, type ConnectListener } from "./changes.ts"
import { constraintOf, SqlState, sqlStateOf } from "./driverErrors.ts"
import { listStatementsOn } from "./lists.ts"
import { NewerRecord } from "./NewerRecord.ts"
import { afterAll, logDamaged, type PageRow, type Position, positionOf, readableOf } from "./pages.ts"
import type { PostgresDatabase } from "./PostgresDatabase.ts"
import { statementsOn } from "./statements.ts"
import { streamsFrom } from "./streams.ts"
import type { Tables } from "./tables.ts"
import { foundOf, tokenOf, valuesOf, verifiableOf } from "./TokenRecord.ts"
import { usageStoreOn } from "./usageStore.ts"

export const servicesOn = (
  database: PostgresDatabase,
  tables: Tables,
  connectListener?: ConnectListener,
): Context.Context<ApiTokenRepository | TokenUsageStore | TokenChanges> =>
  Context.make(ApiTokenRepository, repositoryOn(database, tables)).pipe(
    Context.add(TokenUsageStore, usageStoreOn(database, tables)),
    Context.add(TokenChanges, changesOn(database, tables, connectListener)),
  )

interface Found {
  readonly record: string
}

const repositoryOn = (database: PostgresDatabase, tables: Tables): ApiTokenRepository["Service"] => {
  const statements = statementsOn(tables)
  const lists = listStatementsOn(tables)

  /** The constraints that a duplicate id or digest violates. */
  const unique = [`${tables.prefix}api_token_pkey`, `${tables.prefix}api_token_secret_pkey`]

  /** Drops PostgreSQL's own error, which quotes the digest. */
  const unlessDuplicate = <A>(
    operation: string,
    { id }: ApiToken,
    write: Parameters<typeof database.write<A>>[1],
  ): Effect.Effect<A, DuplicateToken | RepositoryUnavailable> =>
    database
      .write(operation, (query) =>
        write(query).catch((error: unknown) => {
          const isDuplicate = sqlStateOf(error) === SqlState.UniqueViolation && unique.includes(constraintOf(error))
          throw isDuplicate ? new DuplicateToken({ id }) : error
        }),
      )
      .pipe(
        Effect.catchDefect((defect) => (defect instanceof DuplicateToken ? Effect.fail(defect) : Effect.die(defect))),
      )

  const page = (query: ListQuery, { at, id }: Position, limit: number) =>
    database.read("listOwnedBy", async (run) => {
      const { ownedBy, state, now, lineageOf } = query
      const values = [OwnerId.assert(ownedBy), at, id, limit, timestampOf(now)]
      const rows = await (lineageOf === undefined
        ? run<PageRow>(lists.owned[state], values)
        : run<PageRow>(lists.lineage[state], [...values, idOf(lineageOf)]))
      const records = rows.flatMap(({ record }) => record ?? [])
      return { ...readableOf(records, tokenOf), last: rows.length < limit ? undefined : rows.at(-1) }
    })

  return ApiTokenRepository.of({
    insert: (token) =>
      Effect.asVoid(unlessDuplicate("insert", token, async (query) => query(statements.insert, valuesOf(token)))),

    findById: (id) =>
      database.read("findById", async (query) => {
        const [row] = await query<Found>(statements.byId, [idOf(id)])
        return row === undefined ? Option.none() : Option.some(tokenOf(row.record))
      }),

    findManyById: (ids) =>
      ids.length === 0
        ? noTokens
        : database.read("findManyById", async (query) => {
            const rows = await query<Found>(statements.manyById, [ids.map(idOf)])
            return rows.map(({ record }) => verifiableOf(record))
          }),

    findByDigest: (candidates) => {
      const [only, ...others] = candidates
      if (only === undefined) return nothingFound
      return database.read("findByDigest", async (query) => {
        const [row] = await (others.length === 0
          ? query<Found>(statements.byDigest, [byteaOf(only)])
          : query<Found>(statements.byDigests, [candidates.map(byteaOf)]))
        return row === undefined ? Option.none() : Option.some(foundOf(row.record))
      })
    },

    replace: (token, expectedRevision) =>
      Effect.flatMap(
        unlessDuplicate("replace", token, async (query) => {
          const values = [...valuesOf(token), revisionOf(expectedRevision)]
          const [outcome] = await query<{ readonly replaced: string; readonly is_newer: string | null }>(
            statements.replace,
            values,
          )
          if (outcome?.replaced === "1") return "replaced"
          return outcome?.is_newer === "t" ? "newer" : "conflict"
        }),
        (outcome): Effect.Effect<void, RevisionConflict | RepositoryUnavailable> => {
          const { id } = token
          switch (outcome) {
            case "replaced":
              return Effect.void
            case "conflict":
              return Effect.fail(new RevisionConflict({ id }))
            case "newer":
              return Effect.fail(new RepositoryUnavailable({ operation: "replace", cause: new NewerRecord({ id }) }))
          }
        },
      ),

    markDelivered: (id, revision) =>
      Effect.asVoid(
        database.write("markDelivered", async (query) =>
          query(statements.markDelivered, [idOf(id), revisionOf(revision)]),
        ),
      ),

    // Later tokens take the place of a damaged one: a short page would mean the end of the list.
    listOwnedBy: (query) =>
      Effect.gen(function* () {
        const limit = limitOf(query.limit)
        const tokens: Array<ApiToken> = []
        let position: Position | undefined = Option.match(query.after, {
          onNone: () => afterAll,
          onSome: ({ createdAt, id }) => ({ at: timestampOf(createdAt), id: idOf(id) }),
        })
        while (position !== undefined && tokens.length < limit) {
          const read: Effect.Success<ReturnType<typeof page>> = yield* page(query, position, limit - tokens.length)
          yield* logDamaged(read.damaged)
          tokens.push(...read.values)
          position = read.last && positionOf(read.last)
        }
        return tokens
      }),

    countLiveOwnedBy: (ownedBy, now) =>
      database.read("countLiveOwnedBy", async (query) => {
        const values = [OwnerId.assert(ownedBy), timestampOf(now)]
        const [row] = await query<{ readonly count: string }>(lists.countLive, values)
        return Number(row?.count)
      }),

    keyIdsInUse: database.read("keyIdsInUse", async (query) => {
      const rows = await query<{ readonly id: string | null }>(statements.keyIds)
      return rows.map(({ id }) => Option.fromNullOr(id as KeyId | null))
    }),

    ...bulkWorkOn(database, tables),
    ...streamsFrom(database, tables),
  })
}

const nothingFound = Exit.succeed(Option.none<FoundToken>())
const noTokens = Exit.succeed([])
