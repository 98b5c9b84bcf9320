/** The store's own client, which is closed with the layer. */
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

/** How long to wait for a server when opening, and for running operations when closing. */
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
      // Omits the cause, which may quote the URL with its password.
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
 * The driver waits for a server a little less than opening does, so the error contains what the driver tried. It waits for
 * a connection for a third of the deadline, which leaves time to use it.
 */
const patienceOf = (options: MongoRepositoryOptions): MongoClientOptions => ({
  serverSelectionTimeoutMS: openMilliseconds * 0.9,
  waitQueueTimeoutMS: Math.ceil(withDefaults(options).deadlines.read / 3),
})

/** Drops options that the URL sets. */
const unlessIn = (url: string, options: MongoClientOptions): MongoClientOptions =>
  Object.fromEntries(Object.entries(options).filter(([name]) => !new RegExp(`[?&]${name}=`, "i").test(url)))
