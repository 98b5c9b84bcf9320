/** The token repository on MongoDB, with its usage store. */
import { DuplicateToken, RevisionConflict } from "@tokenry/core"
import { ApiTokenRepository, type FoundToken, TokenUsageStore } from "@tokenry/core/adapter"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { idOf, revisionOf } from "./arguments.ts"
import type { PooledClient } from "./Admission.ts"
import { persistently } from "./bounded.ts"
import { bulkWorkOn } from "./bulkWork.ts"
import type { CollectionOptions, MongoClientLike, MongoDatabaseLike } from "./Driver.ts"
import { isDuplicateKey } from "./driverErrors.ts"
import { keyIdsOn } from "./keyIds.ts"
import { listOn } from "./list.ts"
import { assertUniqueIndexes, migrate } from "./Migrations.ts"
import { MongoOpenError } from "./MongoOpenError.ts"
import { type MongoConnectOptions, openClient } from "./openClient.ts"
import { type MongoRepositoryOptions, withDefaults } from "./options.ts"
import { newerSchemaOf, writableHere } from "./NewerSchema.ts"
import { byDigests, byIds, liveOwnedBy, replaceable } from "./queries.ts"
import { streamsFrom } from "./streams.ts"
import { strict } from "./strict.ts"
import { documentOf, foundFields, foundOf, tokenOf, verifiableFields, verifiableOf } from "./TokenDocument.ts"
import { TokenCollection } from "./TokenCollection.ts"
import { tokenMigrations, usageCollectionOf } from "./tokenIndexes.ts"
import { usageStoreOn } from "./usageStore.ts"

/**
 * Connects its own client, migrates, and closes the client when the layer is released.
 *
 *     MongoRepository.layer({ url: "mongodb://localhost:27017/app" })
 */
const layer = (options: MongoConnectOptions): Layer.Layer<ApiTokenRepository | TokenUsageStore, MongoOpenError> =>
  Layer.effectContext(
    Effect.flatMap(openClient(options), (client) => make(client.db(options.databaseName), client, options)),
  )

/**
 * Uses your `Db`, or your `MongoClient`'s default database, and migrates it. The client may come from any copy of driver 7.
 * You close it, after the layer is released.
 */
const layerFrom = (
  clientOrDatabase: MongoClientLike | MongoDatabaseLike,
  options: MongoRepositoryOptions = {},
): Layer.Layer<ApiTokenRepository | TokenUsageStore, MongoOpenError> =>
  Layer.effectContext(
    Effect.suspend(() =>
      "collection" in clientOrDatabase
        ? make(clientOrDatabase, clientOrDatabase.client ?? {}, options)
        : make(clientOrDatabase.db(options.databaseName), clientOrDatabase, options),
    ),
  )

/** The store on MongoDB. Pass `migrations` to `migrate` to undo them or to apply them ahead of time. */
export const MongoRepository = { layer, layerFrom, migrations: tokenMigrations } as const

const make = Effect.fnUntraced(function* (
  database: MongoDatabaseLike,
  client: PooledClient,
  options: MongoRepositoryOptions,
) {
  const { collectionName, deadlines, readConcern, writeConcern, isMigrating } = withDefaults(options)
  if (writeConcern.w === 0) return yield* new MongoOpenError({ reason: { _tag: "UnconfirmedWrites" } })
  const migrations = tokenMigrations(collectionName)
  if (isMigrating) yield* migrate(database, { migrations })
  else yield* assertUniqueIndexes(database, migrations)
  const settings: CollectionOptions = {
    ...strict,
    ...(readConcern === undefined ? {} : { readConcern: { level: readConcern } }),
    writeConcern,
  }
  const collection = database.collection(collectionName, settings)
  const usages = database.collection(usageCollectionOf(collectionName), settings)
  const tokens = new TokenCollection(collection, client, deadlines)

  const repository = ApiTokenRepository.of({
    insert: (token) =>
      Effect.flatMap(
        tokens.write("insert", (bounds) => unlessDuplicate(collection.insertOne(documentOf(token), bounds))),
        (inserted) => (inserted === "duplicate" ? Effect.fail(new DuplicateToken({ id: token.id })) : Effect.void),
      ),

    findById: (id) =>
      tokens.read("findById", async (bounds) =>
        Option.map(Option.fromNullOr(await collection.findOne({ _id: idOf(id) }, bounds)), tokenOf),
      ),

    findManyById: (ids) =>
      ids.length === 0
        ? noTokens
        : tokens.read("findManyById", async (bounds) => {
            const found = await collection.find(byIds(ids), { ...bounds, projection: verifiableFields }).toArray()
            return found.map(verifiableOf)
          }),

    findByDigest: (candidates) =>
      candidates.length === 0
        ? nothingFound
        : tokens.read("findByDigest", async (bounds) => {
            const filter = byDigests(candidates)
            const found = await collection.findOne(filter, { ...bounds, projection: foundFields })
            return found === null ? Option.none() : Option.some(foundOf(found, candidates))
          }),

    replace: (token, expectedRevision) =>
      Effect.flatMap(
        tokens.write("replace", async (bounds) => {
          const filter = replaceable(token.id, expectedRevision)
          const replaced = await unlessDuplicate(collection.replaceOne(filter, documentOf(token), bounds))
          if (replaced === "duplicate" || replaced.matchedCount === 1) return replaced
          const stored = await collection.findOne({ _id: token.id }, bounds)
          if (stored !== null) assertWritable(stored)
          return "conflict" as const
        }),
        (replaced): Effect.Effect<void, RevisionConflict | DuplicateToken> => {
          if (replaced === "duplicate") return Effect.fail(new DuplicateToken({ id: token.id }))
          return replaced === "conflict" ? Effect.fail(new RevisionConflict({ id: token.id })) : Effect.void
        },
      ),

    markDelivered: (id, revision) =>
      Effect.asVoid(
        tokens.write("markDelivered", async (bounds) => {
          const filter = { _id: idOf(id), revision: revisionOf(revision), ...writableHere }
          return persistently(bounds, () => collection.updateOne(filter, { $set: { undelivered: 0 } }, bounds))
        }),
      ),

    listOwnedBy: listOn(tokens),

    countLiveOwnedBy: (ownedBy, now) =>
      tokens.read("countLiveOwnedBy", (bounds) => collection.countDocuments(liveOwnedBy(ownedBy, now), bounds)),

    keyIdsInUse: keyIdsOn(tokens),

    ...bulkWorkOn(tokens, usages),
    ...streamsFrom(tokens),
  })
  return Context.make(ApiTokenRepository, repository).pipe(Context.add(TokenUsageStore, usageStoreOn(tokens, usages)))
})

/** Throws if the document was not replaced because it has a newer schema or is damaged, and not for its revision. */
const assertWritable = (stored: object): void => {
  const newer = newerSchemaOf(stored)
  if (newer !== undefined) throw newer
  tokenOf(stored)
}

/** Drops the driver's error, because it quotes the digest. */
const unlessDuplicate = <A>(write: Promise<A>): Promise<A | "duplicate"> =>
  write.catch((error: unknown) => {
    if (isDuplicateKey(error)) return "duplicate" as const
    throw error
  })

const nothingFound = Exit.succeed(Option.none<FoundToken>())
const noTokens = Exit.succeed([])
