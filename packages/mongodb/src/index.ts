export { bounded, type Bounds } from "./bounded.ts"
export type { PooledClient } from "./Admission.ts"
export type {
  MongoClientLike,
  MongoCollectionLike,
  MongoDatabaseLike,
  ReadConcernLevel,
  WriteConcern,
} from "./Driver.ts"
export { UnexpectedAnswer } from "./driverErrors.ts"
export type { IndexDefinition, IndexState } from "./indexes.ts"
export { type IndexChange, migrate, type MigrateOptions, type Migration } from "./Migrations.ts"
export { MongoOpenError, type MongoOpenReason } from "./MongoOpenError.ts"
export { MongoRepository } from "./MongoRepository.ts"
export type { MongoConnectOptions } from "./openClient.ts"
export type { MongoRepositoryOptions } from "./options.ts"
export { NewerSchema } from "./NewerSchema.ts"
export { reconnectWhenSilent, type WatchableClient } from "./reconnectWhenSilent.ts"
export { documentOf, type TokenDocument, tokenOf } from "./TokenDocument.ts"
export type { UsageDocument } from "./UsageDocument.ts"
