/** Numbered, reversible index changes, recorded in the database they were applied to. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { bounded, type Bounds, DeadlineExceeded } from "./bounded.ts"
import type { MongoCollectionLike, MongoDatabaseLike } from "./Driver.ts"
import { isDuplicateKey } from "./driverErrors.ts"
import { createIndexes, dropIndex, type IndexDefinition, type IndexState, statesOfIndexes } from "./indexes.ts"
import { indexFailure, MongoOpenError, stillBuilding, unreachable } from "./MongoOpenError.ts"
import { strict } from "./strict.ts"

/** One step. Migrating down drops what it creates. Never edit a released one. */
export interface Migration {
  /** At least 1, and higher than the previous step's. */
  readonly version: number
  readonly name: string
  readonly create: ReadonlyArray<IndexDefinition>
}

export interface MigrateOptions {
  /** In ascending order of version. */
  readonly migrations: ReadonlyArray<Migration>
  /** The version to migrate up or down to; 0 undoes everything. Default: the newest. */
  readonly to?: number
  /** Whether to return the changes without making them. Default: false. */
  readonly dryRun?: boolean
  /** The collection that records the applied versions. Default: `tokenry_migration`. */
  readonly collection?: string
}

/** One change to one index: made, or in a dry run only planned. */
export interface IndexChange {
  readonly version: number
  readonly change: "create" | "drop"
  readonly index: IndexDefinition
  /** What was there before. `Conflicting` is a different index with the same name or on the same fields. */
  readonly found: IndexState
}

/**
 * Migrates the indexes up or down and returns the changes in order. Steps are idempotent and recorded after they succeed, so
 * any number of processes may migrate at once, and a later run completes what a killed process left. Indexes that are
 * recorded but missing, as after some restores, are created again. Versions applied by newer code stay: extra indexes
 * don't affect older code.
 *
 * MongoDB builds indexes while others read and write. If a build takes longer than 10 minutes, this fails with
 * `BuildingIndexes` and MongoDB continues. See `MongoOpenReason` for the other failures. With nothing to do, it costs
 * one read, plus one per collection.
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
        // Never drop someone else's index that happens to have this name.
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

/** Fails with `MissingIndex` if a unique index is gone: every verify would scan, and two tokens could share a digest. */
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

/** An index that someone changed since is left alone, unless uniqueness depends on it. */
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
    // Another process has just recorded it.
    if (!isDuplicateKey(error)) throw error
  })

const appliedVersions = async (records: MongoCollectionLike, bounds: Bounds): Promise<ReadonlySet<number>> => {
  const found = await records.find({}, bounds).toArray()
  return new Set(found.map((document) => ("_id" in document ? Number(document._id) : Number.NaN)))
}

/** How long a read or a small write may take: as long as the driver waits for a server by default. */
const briefMilliseconds = 30_000

const briefly = <A>(use: (bounds: Bounds) => Promise<A>): Effect.Effect<A, MongoOpenError> =>
  Effect.catchTag(bounded("migrate", briefMilliseconds, use), "RepositoryUnavailable", ({ cause }) =>
    Effect.fail(unreachable(cause)),
  )

/** How long to wait for an index build. */
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
    throw new RangeError("Migrations must be in ascending order of version, starting at 1 or higher")
  }
  if (!versions.includes(target)) {
    throw new RangeError(`There is no migration ${target}. Pass 0 or the version of one in the list`)
  }
}
