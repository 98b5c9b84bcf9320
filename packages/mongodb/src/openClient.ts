/** A client of the repository's own, which lives as long as the layer. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { MongoClient, type MongoClientOptions } from "mongodb"
import { bounded } from "./bounded.ts"
import { MongoOpenError, unreachable } from "./MongoOpenError.ts"
import { type MongoRepositoryOptions, withDefaults } from "./options.ts"
import { reconnectWhenSilent } from "./reconnectWhenSilent.ts"

export interface MongoConnectOptions extends MongoRepositoryOptions {
  /** `mongodb://…` or `mongodb+srv://…`; appears in no error message. */
  readonly url: string
  /** The driver's own options: TLS, pool size, compression. */
  readonly clientOptions?: MongoClientOptions
}

/** How long to wait for a server at first, and for the last answers in the end. */
const openMilliseconds = 10_000
const closeMilliseconds = 5000

export const openClient = ({
  url,
  clientOptions = {},
  ...options
}: MongoConnectOptions): Effect.Effect<MongoClient, MongoOpenError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => new MongoClient(url, { ...unlessIn(url, patienceOf(options)), appName: "tokenry", ...clientOptions }),
      // Without its cause, which may quote the URL and the password in it.
      catch: () => new MongoOpenError({ reason: { _tag: "InvalidUrl" } }),
    }),
    (client) => Effect.ignore(bounded("close", closeMilliseconds, () => client.close())),
  ).pipe(
    Effect.tap((client) =>
      Effect.acquireRelease(
        Effect.sync(() => reconnectWhenSilent(client)),
        (stopWatching) => Effect.sync(stopWatching),
      ),
    ),
    Effect.tap((client) =>
      bounded("open", openMilliseconds, () => client.connect()).pipe(
        Effect.catchTag("RepositoryUnavailable", ({ cause }) => Effect.fail(unreachable(cause))),
      ),
    ),
  )

/**
 * How long the driver waits: for a server, less than opening does, so that the error says what it tried; for a connection
 * of its pool, a third of the deadline, so that there is time left to use it.
 */
const patienceOf = (options: MongoRepositoryOptions): MongoClientOptions => ({
  serverSelectionTimeoutMS: openMilliseconds * 0.9,
  waitQueueTimeoutMS: Math.ceil(withDefaults(options).deadlines.read / 3),
})

/** An option in the URL goes before these. */
const unlessIn = (url: string, options: MongoClientOptions): MongoClientOptions =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !new RegExp(`[?&]${name}=`, "i").test(url)))
