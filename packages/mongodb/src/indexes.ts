/** Index definitions, their state in the database, and idempotent functions that create and drop them. */
import type { Bounds } from "./bounded.ts"
import type { IndexOptions, MongoCollectionLike } from "./Driver.ts"
import { codeOf } from "./driverErrors.ts"
import { ServerCode } from "./ServerCode.ts"

export interface IndexDefinition extends IndexOptions {
  readonly collection: string
}

/** `Conflicting`: a different index has the same name, or the same fields, and MongoDB may refuse a second one. */
export type IndexState = "Absent" | "Present" | "Conflicting"

/** Looks up the state of each index of one collection, in one read. */
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

/** Everything that distinguishes indexes. Options that no migration uses must be absent. */
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
 * Builds all indexes in one pass over the collection. Sets no `maxTimeMS`: when that expires, mongod aborts the build, and
 * the next attempt starts over. A majority of the replica set suffices, so a member that is down doesn't block the
 * deployment.
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

/** Standalone servers and compatible services may not support `commitQuorum`. */
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
