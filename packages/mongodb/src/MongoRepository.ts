/** The repository of tokens on MongoDB, and the store of their uses beside it. */
import {
  ApiTokenRepository,
  DuplicateToken,
  type FoundToken,
  type KeyId,
  RevisionConflict,
  TokenUsageStore,
} from "@tokenry/core"
import { Context, Effect, Exit, Layer, Option } from "effect"
import { idOf, limitOf, revisionOf } from "./arguments.ts"
import { persistently } from "./bounded.ts"
import { bulkWorkOn } from "./bulkWork.ts"
import type { CollectionOptions, MongoClientLike, MongoDatabaseLike } from "./Driver.ts"
import { isDuplicateKey } from "./driverErrors.ts"
import { migrate } from "./Migrations.ts"
import type { MongoOpenError } from "./MongoOpenError.ts"
import { type MongoConnectOptions, openClient } from "./openClient.ts"
import { type MongoRepositoryOptions, withDefaults } from "./options.ts"
import { byDigests, byIds, hexesOf, liveOwnedBy, ownedPage } from "./queries.ts"
import { streamsFrom } from "./streams.ts"
import { strict } from "./strict.ts"
import { documentOf, foundFields, foundOf, tokenOf, verifiableFields, verifiableOf } from "./TokenDocument.ts"
import { TokenCollection } from "./TokenCollection.ts"
import { tokenMigrations, usageCollectionOf } from "./tokenIndexes.ts"
import { usageStoreOn } from "./usageStore.ts"

/**
 * Connects a client of its own, migrates, and closes the client when the layer is released.
 *
 *     MongoRepository.layer({ url: "mongodb://localhost:27017/app" })
 */
const layer = (options: MongoConnectOptions): Layer.Layer<ApiTokenRepository | TokenUsageStore, MongoOpenError> =>
  Layer.effectContext(Effect.flatMap(openClient(options), (client) => make(client.db(options.databaseName), options)))

/**
 * Migrates and uses a database of the caller's: a `Db`, or the `MongoClient`'s own database. Any copy of the driver 7
 * will do. The caller closes the client, after the layer has been released.
 */
const layerFrom = (
  clientOrDatabase: MongoClientLike | MongoDatabaseLike,
  options: MongoRepositoryOptions = {},
): Layer.Layer<ApiTokenRepository | TokenUsageStore, MongoOpenError> =>
  Layer.effectContext(
    Effect.suspend(() =>
      make("collection" in clientOrDatabase ? clientOrDatabase : clientOrDatabase.db(options.databaseName), options),
    ),
  )

/** `migrations` are the repository's own, for `migrate`: to undo them, or to apply them ahead of time. */
export const MongoRepository = { layer, layerFrom, migrations: tokenMigrations } as const

const make = Effect.fnUntraced(function* (database: MongoDatabaseLike, options: MongoRepositoryOptions) {
  const { collectionName, deadlines, readConcern, writeConcern, isMigrating } = withDefaults(options)
  if (isMigrating) yield* migrate(database, { migrations: tokenMigrations(collectionName) })
  const settings: CollectionOptions = {
    ...strict,
    ...(readConcern === undefined ? {} : { readConcern: { level: readConcern } }),
    writeConcern,
  }
  const collection = database.collection(collectionName, settings)
  const usages = database.collection(usageCollectionOf(collectionName), settings)
  const tokens = new TokenCollection(collection, deadlines)

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
            const hexes = hexesOf(candidates)
            const found = await collection.findOne(byDigests(hexes), { ...bounds, projection: foundFields })
            return found === null ? Option.none() : Option.some(foundOf(found, hexes))
          }),

    replace: (token, expectedRevision) =>
      Effect.flatMap(
        tokens.write("replace", (bounds) =>
          unlessDuplicate(
            collection.replaceOne(
              { _id: idOf(token.id), revision: revisionOf(expectedRevision) },
              documentOf(token),
              bounds,
            ),
          ),
        ),
        (replaced): Effect.Effect<void, RevisionConflict | DuplicateToken> => {
          if (replaced === "duplicate") return Effect.fail(new DuplicateToken({ id: token.id }))
          return replaced.matchedCount === 1 ? Effect.void : Effect.fail(new RevisionConflict({ id: token.id }))
        },
      ),

    markDelivered: (id, revision) =>
      Effect.asVoid(
        tokens.write("markDelivered", async (bounds) => {
          const filter = { _id: idOf(id), revision: revisionOf(revision) }
          return persistently(bounds, () => collection.updateOne(filter, { $set: { undelivered: 0 } }, bounds))
        }),
      ),

    listOwnedBy: ({ limit, ...query }) =>
      tokens.read("listOwnedBy", async (bounds) => {
        const { filter, sort } = ownedPage(query)
        const found = await collection
          .find(filter, { ...bounds, sort, limit: limitOf(limit), batchSize: limit })
          .toArray()
        return found.map(tokenOf)
      }),

    countLiveOwnedBy: (ownedBy, now) =>
      tokens.read("countLiveOwnedBy", (bounds) => collection.countDocuments(liveOwnedBy(ownedBy, now), bounds)),

    keyIdsInUse: tokens.read("keyIdsInUse", async (bounds) => {
      const keyIds = await collection.distinct("secrets.keyId", {}, bounds)
      return keyIds.map((keyId) => Option.fromNullOr(keyId as KeyId | null))
    }),

    ...bulkWorkOn(tokens, usages),
    ...streamsFrom(tokens),
  })
  return Context.make(ApiTokenRepository, repository).pipe(Context.add(TokenUsageStore, usageStoreOn(tokens, usages)))
})

/** The error that says so is dropped here, because it quotes the digest. */
const unlessDuplicate = <A>(write: Promise<A>): Promise<A | "duplicate"> =>
  write.catch((error: unknown) => {
    if (isDuplicateKey(error)) return "duplicate" as const
    throw error
  })

const nothingFound = Exit.succeed(Option.none<FoundToken>())
const noTokens = Exit.succeed([])
