/** Counts requests for rate limits: in memory, or in MongoDB or PostgreSQL so that all processes share the counts. */
import type { Consumption, RateLimiter } from "@tokenry/http"
import { bounded } from "@tokenry/mongodb"
import { migrate, PostgresDatabase } from "@tokenry/postgres"
import * as Effect from "effect/Effect"
import { MongoClient } from "mongodb"
import { Pool } from "pg"
import { RateLimiterMemory, RateLimiterMongo, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible"
import type { StoreLocation } from "../Configuration.ts"
import { makeIndexes } from "./mongoOperations.ts"
import { postgresMigrations } from "./postgresMigrations.ts"

export interface RateCounter extends RateLimiter {
  /** Takes back one counted request for the key. Never rejects. */
  readonly giveBack: (key: string) => Promise<void>
}

export interface RateCounters {
  /** Limits requests per window. Counters with the same name, here or in another process, share their counts. */
  readonly counter: (name: string, limit: number) => RateCounter
  /** Idempotent. */
  readonly close: () => Promise<void>
}

export interface RateCountersOptions {
  /** The window of each limit. */
  readonly windowSeconds: number
  /** Called once per outage of the server. Until it ends, this process counts in memory. */
  readonly onError: (cause: unknown) => void
  /** How long a request waits for the server. Default: 500. */
  readonly deadlineMilliseconds?: number
}

/** Rejects if the server doesn't answer, like opening the store. No error contains the URL. */
export const openRateCounters = async (
  location: StoreLocation,
  options: RateCountersOptions,
): Promise<RateCounters> => {
  switch (location.kind) {
    case "mongodb":
      return openMongoCounters(location.url, options)
    case "postgres":
      return openPostgresCounters(location.url, options)
    case "sqlite":
    case "memory":
      return memoryCounters(options)
  }
}

const memoryCounters = ({ windowSeconds: duration }: RateCountersOptions): RateCounters => ({
  counter: (keyPrefix, points) => memoryCounter(new RateLimiterMemory({ keyPrefix, points, duration })),
  close: async () => {},
})

/** Uses its own connections, because a request waits far less time for its counters than for the store. */
const openMongoCounters = async (url: string, options: RateCountersOptions): Promise<RateCounters> => {
  const client = new MongoClient(url, impatience)
  const limiterOf = (keyPrefix: string, points: number) =>
    new RateLimiterMongo({
      keyPrefix,
      points,
      duration: options.windowSeconds,
      // A key that has exceeded its limit isn't looked up again until its window ends.
      inMemoryBlockOnConsumed: points + 1,
      storeClient: client,
      dbName: client.db().databaseName,
      tableName: "rateLimit",
      disableIndexesCreation: true,
    })
  const close = () => Effect.runPromise(Effect.ignore(bounded("closeRateCounters", 5000, () => client.close())))
  try {
    await makeIndexes(() => limiterOf("", 1).createIndexes())
  } catch (error) {
    await close()
    throw error
  }
  return sharedCounters(limiterOf, close, options)
}

/** Uses its own pool, for the same reason. The library can create its table, but doesn't wait for it. */
const openPostgresCounters = async (url: string, options: RateCountersOptions): Promise<RateCounters> => {
  const pool = new Pool({ connectionString: url, ...postgresImpatience })
  pool.on("error", () => undefined)
  try {
    await Effect.runPromise(migrate(PostgresDatabase.fromPool(pool), postgresMigrations))
  } catch (error) {
    await pool.end()
    throw error
  }
  const limiterOf = (keyPrefix: string, points: number) =>
    new RateLimiterPostgres({
      keyPrefix,
      points,
      duration: options.windowSeconds,
      inMemoryBlockOnConsumed: points + 1,
      storeClient: pool,
      storeType: "pool",
      tableName: "rate_limit",
      tableCreated: true,
    })
  return sharedCounters(limiterOf, () => pool.end(), options)
}

/** Counts on a server, and in memory while it doesn't answer. */
const sharedCounters = (
  limiterOf: (name: string, limit: number) => Library,
  close: () => Promise<void>,
  options: RateCountersOptions,
): RateCounters => {
  const inTime = withinDeadline(options.deadlineMilliseconds ?? 500, options.onError)
  const inMemory = memoryCounters(options)
  let closing: Promise<void> | undefined
  return {
    counter: (name, limit) => counterWith(limiterOf(name, limit), inTime, inMemory.counter(name, limit)),
    close: () => (closing ??= close()),
  }
}

const postgresImpatience = {
  connectionTimeoutMillis: 2000,
  query_timeout: 2000,
  statement_timeout: 1800,
  application_name: "tokenry-demo-rate-limits",
} as const

/** Losing a machine only loses a minute's counts, so writes don't wait for a second one. */
const impatience = {
  writeConcern: { w: 1 },
  serverSelectionTimeoutMS: 2000,
  connectTimeoutMS: 2000,
  socketTimeoutMS: 2000,
  heartbeatFrequencyMS: 2000,
  appName: "tokenry-demo-rate-limits",
} as const

type Library = Pick<
  RateLimiterMemory | RateLimiterMongo | RateLimiterPostgres,
  "points" | "duration" | "consume" | "reward"
>

const memoryCounter = (library: Library): RateCounter => ({
  consume: (key) => consume(library, key),
  giveBack: async (key) => {
    await library.reward(key)
  },
})

/** Counts on the server, or with `meanwhile` if the server doesn't answer. */
const counterWith = (library: Library, inTime: InTime, meanwhile: RateCounter): RateCounter => ({
  consume: (key) => inTime(() => consume(library, key)).catch(() => meanwhile.consume(key)),
  giveBack: async (key) => {
    await inTime(() => library.reward(key)).catch(() => meanwhile.giveBack(key))
  },
})

const consume = async (library: Library, key: string): Promise<Consumption> => {
  const { allowed, result } = await count(library, key)
  return {
    _tag: "Consumed",
    allowed,
    remaining: result.remainingPoints,
    resetSeconds: Math.ceil(result.msBeforeNext / 1000),
    limit: library.points,
    windowSeconds: library.duration,
  }
}

/** The library rejects with its result if the limit is exceeded, and with an Error if it can't count. */
const count = async (library: Library, key: string) => {
  try {
    return { allowed: true, result: await library.consume(key) }
  } catch (rejected) {
    if (rejected instanceof RateLimiterRes) return { allowed: false, result: rejected }
    throw rejected
  }
}

type InTime = <A>(ask: () => Promise<A>) => Promise<A>

/**
 * Waits no longer than the deadline. After a failure it skips the server for a second, so that an outage doesn't slow
 * every request down.
 */
const withinDeadline = (milliseconds: number, onError: (cause: unknown) => void): InTime => {
  let restUntil = 0
  let failure: unknown
  let isAway = false
  return async (ask) => {
    if (performance.now() < restUntil) throw failure
    try {
      const answer = await Effect.runPromise(
        Effect.timeout(Effect.tryPromise({ try: ask, catch: (cause) => cause }), milliseconds),
      )
      isAway = false
      return answer
    } catch (error) {
      restUntil = performance.now() + 1000
      failure = error
      if (!isAway) onError(error)
      isAway = true
      throw error
    }
  }
}
