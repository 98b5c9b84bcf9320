export { migrate, type MigrateOptions, type Migration } from "./Migrations.ts"
export { type LockOptions, SqliteDatabase, type SqliteOptions } from "./SqliteDatabase.ts"
export { SqliteOpenError, type SqliteOpenReason } from "./SqliteOpenError.ts"
export { SqliteRepository } from "./SqliteRepository.ts"
