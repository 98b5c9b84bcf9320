/** Numbered, reversible changes of indexes, recorded in the database that they were applied to. */
import { Clock, Effect } from "effect"
import { bounded, type Bounds } from "./bounded.ts"
import type { MongoCollectionLike, MongoDatabaseLike } from "./Driver.ts"
import { codeOf, ServerCode } from "./driverErrors.ts"
import { createIndex, dropIndex, type IndexDefinition, type IndexState, stateOfIndex } from "./indexes.ts"
import { MongoOpenError, type MongoOpenReason, unreachable } from "./MongoOpenError.ts"
import { strict } from "./strict.ts"

/** One step, which undoes itself by dropping what it creates. Once released it is never edited. */
export interface Migration {
  /** 1 or more, and more than the one before. */
  readonly version: number
  readonly name: string
  readonly create: ReadonlyArray<IndexDefinition>
}

export interface MigrateOptions {
  /** In ascending order of their versions. */
  readonly migrations: ReadonlyArray<Migration>
  /** Up or down to this version; 0 undoes everything. The default is the newest. */
  readonly to?: number
  /** Says what would be done, and changes nothing. */
  readonly dryRun?: boolean
  /** The collection that records what was applied. The default is `tokenry_migration`. */
  readonly collection?: string
}

/** What was done, or in a dry run would be: one for each index, in order. */
export interface IndexChange {
  readonly version: number
  readonly change: "create" | "drop"
  readonly index: IndexDefinition
  /** What was there before: `Conflicting` is another index of the same name or on the same fields. */
  readonly found: IndexState
}

/**
 * Brings the indexes to a version. Each change is idempotent and recorded afterwards, so any number of processes may do
 * this at once, and one that was killed meanwhile is made good for by the next. Versions that were applied by newer code
 * are left alone: indexes don't disturb older code. Fails with the reason `ConflictingIndex` or `NotUnique` where an
 * index can't be made; the ones before it stay. On collections that hold data already, building an index takes its time
 * (10 minutes at most are waited), and MongoDB lets others read and write meanwhile. Costs one read if there is nothing
 * to do.
 */
export const migrate = (
  database: MongoDatabaseLike,
  { migrations, to, dryRun = false, collection = "tokenry_migration" }: MigrateOptions,
): Effect.Effect<ReadonlyArray<IndexChange>, MongoOpenError> =>
  Effect.gen(function* () {
    const known = migrations.at(-1)?.version ?? 0
    const target = to ?? known
    assertSound(migrations, target)
    const records = database.collection(collection, strict)
    const applied = yield* within("5 seconds", (bounds) => appliedVersions(records, bounds))
    const newest = Math.max(0, ...applied)
    if (to !== undefined && newest > Math.max(known, target)) {
      return yield* new MongoOpenError({ reason: { _tag: "NewerThanCode", found: newest, known } })
    }

    const changes: Array<IndexChange> = []
    for (const { change, migration } of stepsTo(target, migrations, applied)) {
      for (const index of change === "create" ? migration.create : migration.create.toReversed()) {
        const on = database.collection(index.collection, strict)
        const found = yield* within("5 seconds", (bounds) => stateOfIndex(on, index, bounds))
        changes.push({ version: migration.version, change, index, found })
        // What has the name but is something else is not for us to drop.
        if (dryRun || (change === "drop" && found !== "Present")) continue
        yield* within("10 minutes", (bounds) => apply[change](on, index, bounds), index)
      }
      if (dryRun) continue
      const now = yield* Clock.currentTimeMillis
      yield* within("5 seconds", (bounds) => record[change](records, migration, now, bounds))
    }
    return changes
  })

interface Step {
  readonly change: "create" | "drop"
  readonly migration: Migration
}

const stepsTo = (
  target: number,
  migrations: ReadonlyArray<Migration>,
  applied: ReadonlySet<number>,
): ReadonlyArray<Step> => [
  ...migrations
    .filter(({ version }) => version > target && applied.has(version))
    .toReversed()
    .map((migration): Step => ({ change: "drop", migration })),
  ...migrations
    .filter(({ version }) => version <= target && !applied.has(version))
    .map((migration): Step => ({ change: "create", migration })),
]

const apply = { create: createIndex, drop: dropIndex } as const

const record = {
  create: (records: MongoCollectionLike, { version, name }: Migration, now: number, bounds: Bounds) =>
    records
      .updateOne({ _id: version }, { $setOnInsert: { name, appliedAt: new Date(now) } }, { upsert: true, ...bounds })
      .catch((error: unknown) => {
        // Another process has recorded it in the same moment.
        if (codeOf(error) !== ServerCode.DuplicateKey) throw error
      }),
  drop: (records: MongoCollectionLike, { version }: Migration, _now: number, bounds: Bounds) =>
    records.deleteOne({ _id: version }, bounds),
} as const

const appliedVersions = async (records: MongoCollectionLike, bounds: Bounds): Promise<ReadonlySet<number>> => {
  const found = await records.find({}, bounds).toArray()
  return new Set(found.map((document) => ("_id" in document ? Number(document._id) : Number.NaN)))
}

const within = <A>(
  patience: keyof typeof millisecondsOf,
  use: (bounds: Bounds) => Promise<A>,
  index?: IndexDefinition,
): Effect.Effect<A, MongoOpenError> =>
  bounded("migrate", millisecondsOf[patience], (bounds) =>
    use(bounds).catch((error: unknown) => {
      throw (index && openErrorOf(error, index)) ?? error
    }),
  ).pipe(
    Effect.catchTag("RepositoryUnavailable", ({ cause }) => Effect.fail(unreachable(cause))),
    Effect.catchDefect((defect) => (defect instanceof MongoOpenError ? Effect.fail(defect) : Effect.die(defect))),
  )

const millisecondsOf = { "5 seconds": 5000, "10 minutes": 600_000 } as const

const openErrorOf = (error: unknown, { collection, name }: IndexDefinition): MongoOpenError | undefined => {
  const reasonOf = (_tag: "ConflictingIndex" | "NotUnique"): MongoOpenReason => ({ _tag, collection, index: name })
  switch (codeOf(error)) {
    case ServerCode.IndexOptionsConflict:
    case ServerCode.IndexKeySpecsConflict:
      return new MongoOpenError({ reason: reasonOf("ConflictingIndex"), cause: error })
    // Without its cause, which quotes a digest.
    case ServerCode.DuplicateKey:
      return new MongoOpenError({ reason: reasonOf("NotUnique") })
    default:
      return undefined
  }
}

const assertSound = (migrations: ReadonlyArray<Migration>, target: number): void => {
  const versions = [0, ...migrations.map(({ version }) => version)]
  if (!versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? version))) {
    throw new RangeError("Migrations come in ascending order of their versions, from 1 on")
  }
  if (!versions.includes(target)) throw new RangeError(`There is no migration ${target} to go to`)
}
