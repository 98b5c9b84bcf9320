/** Numbered, reversible schema changes, recorded in the database they were applied to. */
import type { RepositoryUnavailable } from "@tokenry/core"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import type { PostgresDatabase, Query } from "./PostgresDatabase.ts"
import { openErrorOf, PostgresOpenError } from "./PostgresOpenError.ts"
import { planned } from "./Statement.ts"

/** One step. Never edit it once released: the next change gets the next number. */
export interface Migration {
  /** At least 1, and higher than the previous one. */
  readonly version: number
  readonly name: string
  /** One or more SQL statements that may run in a transaction, without `BEGIN` and `COMMIT`. */
  readonly up: string
  /** Undoes `up`. */
  readonly down: string
}

export interface MigrateOptions {
  /** In ascending order of their versions. */
  readonly migrations: ReadonlyArray<Migration>
  /** The version to migrate to, up or down; 0 undoes everything. Default: the newest. */
  readonly to?: number
  /** The schema of the table that records what was applied, created if missing. The default is `public`. */
  readonly schema?: string
  /** The table that records what was applied. The default is `tokenry_migration`; give your own tables another. */
  readonly table?: string
}

/**
 * Migrates the schema to a version, in one transaction under an advisory lock, so several processes can migrate at
 * once: each step runs once, and a failed step leaves nothing behind. Fails with the reason `NewerThanCode`, without
 * changing anything, if unknown steps are recorded. Costs one read if there is nothing to do; otherwise waits up to 10
 * minutes.
 */
export const migrate = (database: PostgresDatabase, options: MigrateOptions): Effect.Effect<void, PostgresOpenError> =>
  Effect.gen(function* () {
    const record = recordOf(options)
    const steps = stepsOf(options)
    const needed = yield* database.read("migrate", async (query) => steps(await versionIn(query, record)))
    if (needed instanceof PostgresOpenError) return yield* needed
    if (needed.length === 0) return
    const refused = yield* database.write(
      "migrate",
      async (query) => {
        await query(planned("SELECT pg_advisory_xact_lock($1)"), [record.lock])
        // Another process may have migrated in the meantime.
        const found = steps(await versionIn(query, record))
        if (found instanceof PostgresOpenError) return found
        await createRecord(query, record)
        for (const step of found) await take(query, record, step)
        return undefined
      },
      { milliseconds: 600_000 },
    )
    if (refused !== undefined) return yield* refused
  }).pipe(Effect.catchTag("RepositoryUnavailable", failed), Effect.catchDefect(diedIn))

/** Fails with the reason `NotMigrated` or `NewerThanCode` unless the schema has exactly the newest version of the list. */
export const assertMigrated = (
  database: PostgresDatabase,
  options: MigrateOptions,
): Effect.Effect<void, PostgresOpenError> =>
  Effect.gen(function* () {
    const record = recordOf(options)
    const known = newestOf(options.migrations)
    const found = yield* database.read("migrate", (query) => versionIn(query, record))
    const reason = found > known ? newerThanCode(record, found, known) : notMigrated(record, found, known)
    if (found !== known) return yield* new PostgresOpenError({ reason })
  }).pipe(Effect.catchTag("RepositoryUnavailable", failed), Effect.catchDefect(diedIn))

/** The SQL of all steps, including their records, for teams that use their own migration tool. */
export const sqlOf = (options: MigrateOptions): string => {
  const record = recordOf(options)
  const steps = options.migrations.map(
    (step) => `-- ${step.version}: ${step.name}${step.up}\n\n${recorded(record, step)};\n`,
  )
  return [`${createRecordSql(record)};\n`, ...steps].join("\n")
}

interface Step {
  readonly direction: "up" | "down"
  readonly migration: Migration
}

interface MigrationRecord {
  readonly schema: string
  readonly table: string
  /** Quoted and qualified. */
  readonly name: string
  /** The advisory lock's key. */
  readonly lock: string
}

const recordOf = ({ schema = "public", table = "tokenry_migration" }: MigrateOptions): MigrationRecord => {
  for (const name of [schema, table]) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name))
      throw new RangeError("A migration table's name must be a plain SQL name")
  }
  const hash = createHash("sha256").update(`tokenry ${schema}.${table}`).digest()
  return { schema, table, name: `"${schema}"."${table}"`, lock: hash.readBigInt64BE().toString() }
}

/** The steps that lead from a version to the target. */
const stepsOf = (options: MigrateOptions): ((found: number) => ReadonlyArray<Step> | PostgresOpenError) => {
  const { migrations } = options
  const known = newestOf(migrations)
  const target = options.to ?? known
  assertSound(migrations, target)
  return (found) => {
    if (found > known) return new PostgresOpenError({ reason: newerThanCode(recordOf(options), found, known) })
    const undone = migrations.filter(({ version }) => version <= found && version > target).toReversed()
    const done = migrations.filter(({ version }) => version > found && version <= target)
    return [
      ...undone.map((migration): Step => ({ direction: "down", migration })),
      ...done.map((migration): Step => ({ direction: "up", migration })),
    ]
  }
}

/** Reads the catalogue, since `to_regclass` can miss what another process has just created. */
const versionIn = async (query: Query, { schema, table, name }: MigrationRecord): Promise<number> => {
  const found = await query(
    planned("SELECT FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace WHERE nspname = $1 AND relname = $2"),
    [schema, table],
  )
  if (found.length === 0) return 0
  const [newest] = await query<{ readonly version: string | null }>(
    planned(`SELECT max(version) AS version FROM ${name}`),
  )
  return Number(newest?.version ?? 0)
}

/** If the schema exists, no right to create one is needed. */
const createRecord = async (query: Query, record: MigrationRecord): Promise<void> => {
  const found = await query(planned("SELECT FROM pg_namespace WHERE nspname = $1"), [record.schema])
  if (found.length === 0) await query(planned(`CREATE SCHEMA "${record.schema}"`))
  await query(planned(createRecordSql(record)))
}

const createRecordSql = ({ name }: MigrationRecord): string =>
  `CREATE TABLE IF NOT EXISTS ${name} (
  version integer PRIMARY KEY,
  name text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)`

const take = async (query: Query, record: MigrationRecord, { direction, migration }: Step): Promise<void> => {
  await query(planned(migration[direction]))
  await query(
    planned(
      direction === "up"
        ? recorded(record, migration)
        : `DELETE FROM ${record.name} WHERE version = ${migration.version}`,
    ),
  )
}

const recorded = ({ name }: MigrationRecord, migration: Migration): string =>
  `INSERT INTO ${name} (version, name) VALUES (${migration.version}, '${migration.name.replaceAll("'", "''")}')`

const newestOf = (migrations: ReadonlyArray<Migration>): number => migrations.at(-1)?.version ?? 0

const newerThanCode = ({ name: table }: MigrationRecord, found: number, known: number) =>
  ({ _tag: "NewerThanCode", table, found, known }) as const

const notMigrated = ({ name: table }: MigrationRecord, found: number, known: number) =>
  ({ _tag: "NotMigrated", table, found, known }) as const

const failed = ({ cause }: RepositoryUnavailable) => Effect.fail(openErrorOf(cause))

/** A statement PostgreSQL rejected, for example because the table already exists. */
const diedIn = (defect: unknown): Effect.Effect<never, PostgresOpenError> => {
  const error = openErrorOf(defect)
  return error.reason._tag === "Conflicting" ? Effect.fail(error) : Effect.die(defect)
}

const assertSound = (migrations: ReadonlyArray<Migration>, target: number): void => {
  const versions = [0, ...migrations.map(({ version }) => version)]
  if (!versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? version))) {
    throw new RangeError("Migrations must be in ascending order of version, starting at 1")
  }
  if (!versions.includes(target)) {
    throw new RangeError(`There is no migration ${target}. Pass 0 or the version of one in the list`)
  }
}
