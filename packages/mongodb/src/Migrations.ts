/** Numbered, reversible index changes, recorded in the database they were applied to. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { bounded, type Bounds, DeadlineExceeded } from "./bounded.ts"
import type { MongoCollectionLike, MongoDatabaseLike } from "./Driver.ts"
import { isDuplicateKey } from "./driverErrors.ts"
import { createIndexes, dropIndex, type IndexDefinition, type IndexState, statesOfIndexes } from "./indexes.ts"
import { indexFailure, MongoOpenError, stillBuilding, unreachable } from "./MongoOpenError.ts"
import { strict } from "./strict.ts"

/** One step, undone by dropping what it creates. Never edit it once released. */
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
  /** Returns what would be done, without changing anything. */
  readonly dryRun?: boolean
  /** The collection that records what was applied. The default is `tokenry_migration`. */
  readonly collection?: string
}

/** What was done or, in a dry run, would be: one entry per index, in order. */
export interface IndexChange {
  readonly version: number
  readonly change: "create" | "drop"
  readonly index: IndexDefinition
  /** What was there before: `Conflicting` is another index of the same name or on the same fields. */
  readonly found: IndexState
}

/**
 * Brings the indexes to a version. Each step is idempotent and recorded afterwards, so any number of processes may migrate
 * at once, and the next one completes what a killed process left. Indexes that are recorded but missing, as after some
 * restores, are made again. Versions that newer code has applied are left alone: indexes don't disturb older code.
 *
 * Fails with the reason `ConflictingIndex` or `NotUnique` where an index can't be made. On collections that hold data
 * already, an index takes its time, and MongoDB lets others read and write meanwhile. After 10 minutes this fails with
 * `BuildingIndexes`, and MongoDB goes on building. Costs one read, and one for each collection, if there is nothing to do.
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
    const applied = yield* briefly((bounds) => appliedVersions(records, bounds))
    const newest = Math.max(0, ...applied)
    if (to !== undefined && newest > Math.max(known, target)) {
      return yield* new MongoOpenError({ reason: { _tag: "NewerThanCode", found: newest, known } })
    }

    const changes: Array<IndexChange> = []
    for (const { version, create } of migrations.toReversed()) {
      if (version <= target || !applied.has(version)) continue
      const states = yield* statesIn(database, create)
      for (const index of create.toReversed()) {
        const found = states.get(index) ?? "Absent"
        changes.push({ version, change: "drop", index, found })
        // Never drop another index that happens to have this name.
        if (dryRun || found !== "Present") continue
        yield* briefly((bounds) => dropIndex(database.collection(index.collection, strict), index, bounds))
      }
      if (!dryRun) yield* briefly((bounds) => records.deleteOne({ _id: version }, bounds))
    }
    for (const { version, name, create } of migrations) {
      if (version > target) continue
      const states = yield* statesIn(database, create)
      const isApplied = applied.has(version)
      const due = create.filter((index) => !isApplied || isToRepair(index, states.get(index)))
      for (const index of due) changes.push({ version, change: "create", index, found: states.get(index) ?? "Absent" })
      if (dryRun) continue
      const missing = due.filter((index) => states.get(index) !== "Present")
      for (const [collection, indexes] of Map.groupBy(missing, ({ collection }) => collection)) {
        const conflicting = indexes.find((index) => states.get(index) === "Conflicting")
        yield* patiently(database.collection(collection, strict), indexes, conflicting)
      }
      const now = yield* Clock.currentTimeMillis
      if (!isApplied)
        yield* briefly((bounds) => record(records, { _id: version, name, appliedAt: new Date(now) }, bounds))
    }
    return changes
  })

/** Without its unique indexes the repository would scan at each verify, and two tokens could share a digest. */
export const assertUniqueIndexes = (
  database: MongoDatabaseLike,
  migrations: ReadonlyArray<Migration>,
): Effect.Effect<void, MongoOpenError> =>
  Effect.gen(function* () {
    const needed = migrations.flatMap(({ create }) => create).filter(({ unique }) => unique === true)
    for (const [index, state] of yield* statesIn(database, needed)) {
      if (state === "Present") continue
      const { collection, name } = index
      return yield* new MongoOpenError({ reason: { _tag: "MissingIndex", collection, index: name } })
    }
  })

/** If someone has changed an index since, leave it, unless uniqueness depends on it. */
const isToRepair = ({ unique }: IndexDefinition, state: IndexState | undefined): boolean =>
  state === "Absent" || (state === "Conflicting" && unique === true)

const statesIn = (database: MongoDatabaseLike, wanted: ReadonlyArray<IndexDefinition>) =>
  Effect.map(
    Effect.forEach(
      Map.groupBy(wanted, ({ collection }) => collection),
      ([collection, indexes]) =>
        briefly((bounds) => statesOfIndexes(database.collection(collection, strict), indexes, bounds)),
    ),
    (states) => new Map(states.flatMap((each) => [...each])),
  )

const record = (records: MongoCollectionLike, document: object, bounds: Bounds) =>
  records.insertOne(document, bounds).catch((error: unknown) => {
    // Another process recorded it at the same moment.
    if (!isDuplicateKey(error)) throw error
  })

const appliedVersions = async (records: MongoCollectionLike, bounds: Bounds): Promise<ReadonlySet<number>> => {
  const found = await records.find({}, bounds).toArray()
  return new Set(found.map((document) => ("_id" in document ? Number(document._id) : Number.NaN)))
}

const briefly = <A>(use: (bounds: Bounds) => Promise<A>): Effect.Effect<A, MongoOpenError> =>
  Effect.catchTag(bounded("migrate", 5000, use), "RepositoryUnavailable", ({ cause }) =>
    Effect.fail(unreachable(cause)),
  )

/** How long to wait for indexes that are being built. */
const patienceMilliseconds = 600_000

const patiently = (
  on: MongoCollectionLike,
  indexes: ReadonlyArray<IndexDefinition>,
  conflicting: IndexDefinition | undefined,
): Effect.Effect<void, MongoOpenError> =>
  bounded("migrate", patienceMilliseconds, () =>
    createIndexes(on, indexes).catch((error: unknown) => {
      const failure = indexFailure(error, indexes, conflicting)
      if (failure === undefined) throw error
      return failure
    }),
  ).pipe(
    Effect.catchTag("RepositoryUnavailable", ({ cause }) =>
      Effect.fail(cause instanceof DeadlineExceeded ? stillBuilding(indexes) : unreachable(cause)),
    ),
    Effect.flatMap((failure) => (failure === undefined ? Effect.void : Effect.fail(failure))),
  )

const assertSound = (migrations: ReadonlyArray<Migration>, target: number): void => {
  const versions = [0, ...migrations.map(({ version }) => version)]
  if (!versions.every((version, index) => index === 0 || version > (versions[index - 1] ?? version))) {
    throw new RangeError("Migrations must be in ascending order of version, starting at 1")
  }
  if (!versions.includes(target)) throw new RangeError(`There is no migration ${target} to go to`)
}
