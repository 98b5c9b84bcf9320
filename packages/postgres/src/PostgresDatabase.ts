/** Reads and writes with deadlines, for Tokenry's tables and the application's own. */
import type { RepositoryUnavailable } from "@tokenry/core"
import type * as Effect from "effect/Effect"
import { promises as timers } from "node:timers"
import type { PostgresClientLike, PostgresPoolClientLike, PostgresPoolLike } from "./Driver.ts"
import { fromDriver, isConnectionLost, isPreparedStatementGone, isRolledBack } from "./driverErrors.ts"
import { type Deadlines, type PostgresDatabaseOptions, settledDatabase } from "./options.ts"
import { forDriver, type Statement } from "./Statement.ts"
import { type Deadline, withinDeadline } from "./withinDeadline.ts"

/** Runs a statement and returns its rows. Columns are text or `null`. */
export type Query = <Row>(statement: Statement, values?: ReadonlyArray<unknown>) => Promise<ReadonlyArray<Row>>

/** A deadline in milliseconds that replaces the default for reads or writes. */
interface Patience {
  readonly milliseconds?: number
}

export interface PostgresDatabase {
  /**
   * Runs a reading function. Fails with `RepositoryUnavailable` at the deadline (default: 2 seconds) and for any
   * outage. Runs again once if its connection is lost, so it must be idempotent.
   */
  read<A>(
    operation: string,
    use: (query: Query) => Promise<A>,
    patience?: Patience,
  ): Effect.Effect<A, RepositoryUnavailable>

  /**
   * Runs a function in one transaction (`READ COMMITTED`), committed when its promise resolves and rolled back when it
   * rejects. Runs again if PostgreSQL rolled it back because of a deadlock or a conflict, and once if its connection
   * was lost before it began. The deadline is 5 seconds by default. After the deadline or an outage, the outcome is
   * unknown.
   */
  write<A>(
    operation: string,
    use: (query: Query) => Promise<A>,
    patience?: Patience,
  ): Effect.Effect<A, RepositoryUnavailable>
}

/** Uses a pool that the caller closes. */
const fromPool = (pool: PostgresPoolLike, options: PostgresDatabaseOptions = {}): PostgresDatabase => {
  const { deadlines, preparesStatements } = settledDatabase(options)
  const run =
    (kind: keyof Deadlines): PostgresDatabase["read"] =>
    (operation, use, { milliseconds = deadlines[kind] } = {}) =>
      withinDeadline(operation, milliseconds, (deadline) =>
        persistently(deadline, preparesStatements, (attempt) =>
          kind === "read" ? readOn(pool, use, attempt) : writeOn(pool, use, attempt, milliseconds),
        ),
      )
  return { read: run("read"), write: run("write") }
}

/** Uses the transaction the caller began on this client, and will commit or roll back. Nothing is retried. */
const onClient = (client: PostgresClientLike, options: PostgresDatabaseOptions = {}): PostgresDatabase => {
  const { deadlines, preparesStatements } = settledDatabase(options)
  const run =
    (kind: keyof Deadlines): PostgresDatabase["read"] =>
    (operation, use, { milliseconds = deadlines[kind] } = {}) =>
      withinDeadline(operation, milliseconds, () => use(queryOn(client, preparesStatements)))
  return { read: run("read"), write: run("write") }
}

export const PostgresDatabase = { fromPool, onClient } as const

/** One try at an operation. */
interface Attempt {
  readonly deadline: Deadline
  readonly mayPrepare: boolean
  /** Called before the first statement whose outcome may remain unknown. */
  readonly begin: () => void
}

const queryOn =
  (client: PostgresClientLike, mayPrepare: boolean): Query =>
  async <Row>(statement: Statement, values: ReadonlyArray<unknown> = []) => {
    try {
      const { rows } = await client.query(forDriver(statement, values, mayPrepare))
      return rows as ReadonlyArray<Row>
    } catch (error) {
      throw fromDriver(error)
    }
  }

const readOn = <A>(pool: PostgresPoolLike, use: (query: Query) => Promise<A>, attempt: Attempt): Promise<A> =>
  onPooled(pool, attempt, (client) => use(queryOn(client, attempt.mayPrepare)))

/**
 * Not `READ WRITE`, which a standby refuses as an unknown feature, and which would override a database that its operator
 * has made read-only. The server's timeout is slightly shorter than the client's, so that it can report it and the connection stays usable.
 */
const writeOn = <A>(
  pool: PostgresPoolLike,
  use: (query: Query) => Promise<A>,
  attempt: Attempt,
  milliseconds: number,
): Promise<A> =>
  onPooled(pool, attempt, async (client) => {
    const query = queryOn(client, attempt.mayPrepare)
    const timeout = Math.ceil(milliseconds * 0.9)
    await query({ text: `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = ${timeout}` })
    attempt.begin()
    try {
      const result = await use(query)
      await query({ text: "COMMIT" })
      return result
    } catch (error) {
      if (!isConnectionLost(error)) await query({ text: "ROLLBACK" })
      throw error
    }
  })

/** Uses a client of the pool. If the connection is lost or hangs it is closed, otherwise it is returned. */
const onPooled = async <A>(
  pool: PostgresPoolLike,
  { deadline }: Attempt,
  use: (client: PostgresPoolClientLike) => Promise<A>,
): Promise<A> => {
  const client = await pool.connect().catch((error: unknown) => {
    throw fromDriver(error)
  })
  let isReleased = false
  const release = (error?: Error) => {
    if (isReleased) return
    isReleased = true
    client.removeListener("error", ignore)
    client.release(error)
  }
  // The query's rejection reports a lost connection anyway.
  client.on("error", ignore)
  if (deadline.cause !== undefined) {
    release()
    throw deadline.cause
  }
  deadline.notify(() => release(new Error("The operation did not end in time")))
  try {
    const result = await use(client)
    release()
    return result
  } catch (error) {
    release(isConnectionLost(error) || isPreparedStatementGone(error) ? asError(error) : undefined)
    throw error
  } finally {
    deadline.notify(undefined)
  }
}

const ignore = () => undefined

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** Until the deadline, retries what certainly wasn't done. */
const persistently = async <A>(
  deadline: Deadline,
  preparesStatements: boolean,
  once: (attempt: Attempt) => Promise<A>,
): Promise<A> => {
  let mayPrepare = preparesStatements
  let mayReconnect = true
  for (let pause = 5; ; pause *= 2) {
    let hasBegun = false
    const begin = () => void (hasBegun = true)
    try {
      return await once({ deadline, mayPrepare, begin })
    } catch (error) {
      if (deadline.cause !== undefined) throw error
      if (isPreparedStatementGone(error) && mayPrepare) {
        mayPrepare = false
      } else if (isConnectionLost(error) && !hasBegun && mayReconnect) {
        mayReconnect = false
      } else if (isRolledBack(error)) {
        await timers.setTimeout(pause * (0.5 + Math.random()))
      } else {
        throw error
      }
    }
  }
}
