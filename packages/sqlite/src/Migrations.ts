/** Numbered, reversible schema changes, recorded in the database they were applied to. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { DatabaseSync } from "node:sqlite"
import type { SqliteDatabase } from "./SqliteDatabase.ts"
import { openErrorOf, SqliteOpenError } from "./SqliteOpenError.ts"

/** One step. Never edit it once released: the next change gets the next number. */
export interface Migration {
  /** At least 1, and higher than the previous one. */
  readonly version: number
  readonly name: string
  /** One or more SQL statements, without `BEGIN` and `COMMIT`. */
  readonly up: string
  /** Undoes `up`. */
  readonly down: string
}

export interface MigrateOptions {
  /** The table that records applied migrations. Default: `tokenry_migration`. Choose another for your own tables. */
  readonly table?: string
  /** In ascending order of their versions. */
  readonly migrations: ReadonlyArray<Migration>
  /** The version to migrate to, up or down; 0 undoes everything. Default: the newest. */
  readonly to?: number
}

/**
 * Migrates the schema to a version. Each step and its record are one transaction, so several processes can migrate at
 * once, even on a new file: each step runs once. Fails with the reason `NewerThanCode`, without changing anything, if
 * unknown steps are recorded. A step that SQLite rejects is a defect. Costs one read if there is nothing to do.
 */
export const migrate = (
  database: SqliteDatabase,
  { table = "tokenry_migration", migrations, to }: MigrateOptions,
): Effect.Effect<void, SqliteOpenError> =>
  Effect.gen(function* () {
    const known = migrations.at(-1)?.version ?? 0
    const target = to ?? known
    assertSound(table, migrations, target)
    const now = yield* Clock.currentTimeMillis
    const stepNeeded = (db: DatabaseSync): Step | "none" | SqliteOpenError => {
      const found = versionOf(db, table)
      if (found > known) {
        const reason = { _tag: "NewerThanCode", table, found, known } as const
        return new SqliteOpenError({ filename: database.filename, reason })
      }
      return nextStep(migrations, found, target)
    }
    const takeStep = (db: DatabaseSync) => {
      const step = stepNeeded(db)
      if (step === "none" || step instanceof SqliteOpenError) return step
      apply(db, table, step, now)
      return step
    }

    let step = yield* database.read("migrate", stepNeeded)
    while (step !== "none") {
      if (step instanceof SqliteOpenError) return yield* step
      step = yield* database.write("migrate", takeStep)
    }
  }).pipe(Effect.catchTag("RepositoryUnavailable", (outage) => Effect.fail(openErrorOf(database.filename, outage))))

interface Step {
  readonly direction: "up" | "down"
  readonly migration: Migration
}

const nextStep = (migrations: ReadonlyArray<Migration>, found: number, target: number): Step | "none" => {
  const up = migrations.find(({ version }) => version > found && version <= target)
  if (up !== undefined) return { direction: "up", migration: up }
  const down = migrations.findLast(({ version }) => version <= found && version > target)
  return down === undefined ? "none" : { direction: "down", migration: down }
}

const apply = (db: DatabaseSync, table: string, { direction, migration }: Step, now: number): void => {
  db.exec(
    `CREATE TABLE IF NOT EXISTS ${table}
       (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT`,
  )
  db.exec(migration[direction])
  if (direction === "up") {
    db.prepare(`INSERT INTO ${table} VALUES (?, ?, ?)`).run(migration.version, migration.name, now)
  } else {
    db.prepare(`DELETE FROM ${table} WHERE version = ?`).run(migration.version)
  }
}

const versionOf = (db: DatabaseSync, table: string): number => {
  const exists = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) !== undefined
  return exists ? Number(db.prepare(`SELECT max(version) AS version FROM ${table}`).get()?.["version"] ?? 0) : 0
}

const assertSound = (table: string, migrations: ReadonlyArray<Migration>, target: number): void => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(table)) throw new RangeError("A migration table's name must be a plain SQL name")
  const versions = [0, ...migrations.map(({ version }) => version)]
  if (!versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? version))) {
    throw new RangeError("Migrations must be in ascending order of version, starting at 1")
  }
  if (!versions.includes(target)) {
    throw new RangeError(`There is no migration ${target}. Pass 0 or the version of one in the list`)
  }
}
