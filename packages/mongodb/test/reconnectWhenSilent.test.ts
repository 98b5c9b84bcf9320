import { assert, it } from "@effect/vitest"
import { reconnectWhenSilent } from "@tokenry/mongodb"
import * as Effect from "effect/Effect"
import { vi } from "vitest"
import { Proxy } from "./Proxy.ts"
import { aClient, withoutMongodb } from "./stores.ts"

it.effect.skipIf(withoutMongodb)("a client whose monitor hangs finds its server again, however late", () =>
  Effect.gen(function* () {
    const proxy = yield* Proxy.start
    const client = yield* aClient(
      { connectTimeoutMS: 600_000, heartbeatFrequencyMS: 500, serverSelectionTimeoutMS: 1500 },
      proxy.url,
    )
    let failedAttempts = -1
    client.on("topologyClosed", () => (failedAttempts += 1))
    yield* Effect.acquireRelease(
      Effect.sync(() => reconnectWhenSilent(client, 1500)),
      (stopWatching) => Effect.sync(stopWatching),
    )
    const find = () =>
      client
        .db("app")
        .collection("anything")
        .findOne({}, { signal: AbortSignal.timeout(2000) })
    assert.isNull(yield* Effect.promise(() => vi.waitFor(find, { timeout: 200_000, interval: 100 })))

    proxy.abandon()
    yield* Effect.promise(() => vi.waitUntil(() => failedAttempts >= 2, { timeout: 200_000 }))
    yield* Effect.flip(Effect.tryPromise(find))
    yield* Effect.promise(() => proxy.accept())
    assert.isNull(yield* Effect.promise(() => vi.waitFor(find, { timeout: 200_000, interval: 100 })))
  }),
)
