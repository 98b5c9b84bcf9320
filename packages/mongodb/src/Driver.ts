/** Structural types for the few driver members used here, so a client from any copy of the driver fits. */

import type { PooledClient } from "./Admission.ts"

/** What a `MongoClient` has. */
export interface MongoClientLike extends PooledClient {
  db(name?: string): MongoDatabaseLike
}

/** What a `Db` has. */
export interface MongoDatabaseLike {
  readonly databaseName: string
  /** Its pool size limits how many operations run at once. Default: 100. */
  readonly client?: PooledClient
  collection(name: string, options?: CollectionOptions): MongoCollectionLike
}

/** The part of a `Collection` used here. Documents are untyped until they are decoded. */
export interface MongoCollectionLike {
  findOne(filter: object, options?: ReadOptions): Promise<object | null>
  find(filter: object, options?: ReadOptions): { toArray(): Promise<Array<object>> }
  countDocuments(filter: object, options?: OperationOptions): Promise<number>
  insertOne(document: object, options?: OperationOptions): Promise<unknown>
  replaceOne(filter: object, document: object, options?: OperationOptions): Promise<{ readonly matchedCount: number }>
  updateOne(filter: object, update: object, options?: OperationOptions): Promise<{ readonly matchedCount: number }>
  updateMany(filter: object, update: object, options?: OperationOptions): Promise<{ readonly modifiedCount: number }>
  deleteMany(filter: object, options?: OperationOptions): Promise<{ readonly deletedCount: number }>
  deleteOne(filter: object, options?: OperationOptions): Promise<unknown>
  createIndexes(indexes: Array<IndexOptions>, options?: CreateIndexesOptions): Promise<unknown>
  dropIndex(name: string, options?: OperationOptions): Promise<unknown>
  listIndexes(options?: OperationOptions): { toArray(): Promise<Array<object>> }
}

/** These override the client's own settings. */
export interface CollectionOptions {
  readonly readPreference: "primary"
  readonly readConcern?: { readonly level: ReadConcernLevel }
  readonly writeConcern: WriteConcern
  readonly ignoreUndefined: boolean
  readonly promoteValues: boolean
  readonly promoteLongs: boolean
  readonly promoteBuffers: boolean
  readonly useBigInt64: boolean
  readonly raw: boolean
}

export type ReadConcernLevel = "local" | "majority" | "linearizable"

export interface WriteConcern {
  readonly w: number | "majority"
  readonly journal: boolean
  readonly wtimeoutMS?: number
}

export interface OperationOptions {
  /** The server gives up after this many milliseconds. */
  readonly maxTimeMS: number
  /** Aborting it makes the driver drop an operation that hangs, and its connection. */
  readonly signal?: AbortSignal
}

/** Has no `maxTimeMS`: when that expires, the server aborts the build. */
interface CreateIndexesOptions {
  readonly commitQuorum?: "majority"
}

interface ReadOptions extends OperationOptions {
  readonly projection?: Readonly<Record<string, 0 | 1 | { readonly $elemMatch: object }>>
  readonly sort?: IndexKey
  readonly limit?: number
  readonly batchSize?: number
}

type IndexKey = Readonly<Record<string, 1 | -1>>

export interface IndexOptions {
  readonly name: string
  readonly key: Record<string, 1 | -1>
  readonly unique?: boolean
  readonly partialFilterExpression?: Record<string, unknown>
}
