/** One index: what it is to be, what of it is there, making and dropping it. Each can be repeated at any time. */
import type { Bounds } from "./bounded.ts"
import type { IndexKey, IndexOptions, MongoCollectionLike } from "./Driver.ts"
import { codeOf, ServerCode } from "./driverErrors.ts"

export interface IndexDefinition extends IndexOptions {
  readonly collection: string
  readonly key: IndexKey
}

/** `Conflicting`: another index has the name; or one stands on the same fields, and MongoDB may refuse a second. */
export type IndexState = "Absent" | "Present" | "Conflicting"

export const stateOfIndex = async (
  on: MongoCollectionLike,
  wanted: IndexDefinition,
  bounds: Bounds,
): Promise<IndexState> => {
  const indexes = await indexesOf(on, bounds)
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

export const createIndex = async (
  on: MongoCollectionLike,
  { name, key, unique = false, sparse = false }: IndexDefinition,
  bounds: Bounds,
): Promise<void> => {
  await on.createIndex(key, { name, ...(unique ? { unique } : {}), ...(sparse ? { sparse } : {}), ...bounds })
}

export const dropIndex = async (on: MongoCollectionLike, { name }: IndexDefinition, bounds: Bounds): Promise<void> => {
  try {
    await on.dropIndex(name, bounds)
  } catch (error) {
    const code = codeOf(error)
    if (code !== ServerCode.IndexNotFound && code !== ServerCode.NamespaceNotFound) throw error
  }
}
