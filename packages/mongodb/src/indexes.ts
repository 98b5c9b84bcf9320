/** Indexes: their definitions and current state, and how to create and drop them. Everything here is idempotent. */
import type { Bounds } from "./bounded.ts"
import type { IndexOptions, MongoCollectionLike } from "./Driver.ts"
import { codeOf } from "./driverErrors.ts"
import { ServerCode } from "./ServerCode.ts"

export interface IndexDefinition extends IndexOptions {
  readonly collection: string
}

/** `Conflicting`: another index has the name; or one stands on the same fields, and MongoDB may refuse a second. */
export type IndexState = "Absent" | "Present" | "Conflicting"

/** What is there of each of these indexes of one collection. One read. */
export const statesOfIndexes = async (
  on: MongoCollectionLike,
  wanted: ReadonlyArray<IndexDefinition>,
  bounds: Bounds,
): Promise<ReadonlyMap<IndexDefinition, IndexState>> => {
  const indexes = await indexesOf(on, bounds)
  return new Map(wanted.map((definition) => [definition, stateAmong(indexes, definition)]))
}

const stateAmong = (indexes: ReadonlyArray<StoredIndex>, wanted: IndexDefinition): IndexState => {
  const found =
    indexes.find(({ name }) => name === wanted.name) ??
    indexes.find(({ key }) => JSON.stringify(key) === JSON.stringify(wanted.key))
  if (found === undefined) return "Absent"
  return signatureOf(found) === signatureOf(wanted) ? "Present" : "Conflicting"
}

interface StoredIndex {
  readonly name?: unknown
  readonly key?: unknown
  readonly unique?: unknown
  readonly sparse?: unknown
  readonly partialFilterExpression?: unknown
  readonly expireAfterSeconds?: unknown
  readonly collation?: unknown
}

/** All that makes an index what it is; what these migrations never ask for must be absent. */
const signatureOf = ({ name, key, unique = false, sparse = false, ...stored }: StoredIndex): string =>
  JSON.stringify([
    name,
    key,
    unique,
    sparse,
    stored.partialFilterExpression,
    stored.expireAfterSeconds,
    stored.collation,
  ])

const indexesOf = async (on: MongoCollectionLike, bounds: Bounds): Promise<ReadonlyArray<StoredIndex>> => {
  try {
    return await on.listIndexes(bounds).toArray()
  } catch (error) {
    if (codeOf(error) === ServerCode.NamespaceNotFound) return []
    throw error
  }
}

/**
 * Makes all of them in one pass over the collection, without a time limit: mongod aborts the build when one ends, and the
 * next attempt starts over. The indexes are used once a majority is ready, so that a member that is down doesn't hold up
 * the deployment.
 */
export const createIndexes = async (
  on: MongoCollectionLike,
  definitions: ReadonlyArray<IndexDefinition>,
): Promise<void> => {
  const indexes = definitions.map((definition) => {
    const { collection: _, ...options } = definition
    return options
  })
  try {
    await on.createIndexes(indexes, { commitQuorum: "majority" })
  } catch (error) {
    if (!refusesQuorum.has(codeOf(error))) throw error
    await on.createIndexes(indexes)
  }
}

/** A standalone server, or a service that is compatible with MongoDB, may know no quorum. */
const refusesQuorum: ReadonlySet<number | undefined> = new Set([
  ServerCode.BadValue,
  ServerCode.FailedToParse,
  ServerCode.InvalidOptions,
  ServerCode.CommandNotSupported,
  ServerCode.IDLUnknownField,
])

export const dropIndex = async (on: MongoCollectionLike, { name }: IndexDefinition, bounds: Bounds): Promise<void> => {
  try {
    await on.dropIndex(name, bounds)
  } catch (error) {
    const code = codeOf(error)
    if (code !== ServerCode.IndexNotFound && code !== ServerCode.NamespaceNotFound) throw error
  }
}
