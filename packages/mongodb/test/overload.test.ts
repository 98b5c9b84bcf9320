import { assert, describe, it } from "@effect/vitest"
import { RepositoryUnavailable } from "@tokenry/core"
import { bounded, MongoRepository } from "@tokenry/mongodb"
import { aToken } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { vi } from "vitest"
import { Proxy } from "./Proxy.ts"
import { aClient, aDatabase, repositoryOf, withoutMongodb } from "./stores.ts"

const until = (holds: () => boolean) => Effect.promise(() => vi.waitUntil(holds, { timeout: 200_000, interval: 10 }))

/** A store on a pool of two connections, behind a proxy that can hold back answers. */
const onSmallPool = Effect.fnUntraced(function* (read: "15 seconds" | "1 minute") {
  const { databaseName } = yield* aDatabase()
  const proxy = yield* Proxy.start
  const client = yield* aClient({ maxPoolSize: 2, monitorCommands: true }, proxy.url)
  const limits: Array<number> = []
  client.on("commandStarted", ({ commandName, command }) => {
    if (commandName === "find") limits.push(Number(command["maxTimeMS"]))
  })
  const closed: Array<string> = []
  client.on("connectionClosed", ({ reason }) => closed.push(reason))
  const deadlines = { read, write: "1 minute" } as const
  const repository = yield* repositoryOf(MongoRepository.layerFrom(client, { databaseName, deadlines }))
  const token = aToken()
  yield* repository.insert(token)
  const find = repository.findByDigest([token.secrets[0].digest])
  limits.length = 0
  return { client, proxy, find, limits, closed }
})

describe.skipIf(withoutMongodb)("more operations at once than the pool has connections", () => {
  it.effect("are refused after a third of their deadline; those in flight succeed, and no connection is lost", () =>
    Effect.gen(function* () {
      const { proxy, find, limits, closed } = yield* onSmallPool("15 seconds")
      proxy.holdAnswersTo("find")
      const finds = yield* Effect.forEach(Array.from({ length: 40 }), () => Effect.forkChild(Effect.exit(find)))
      yield* until(() => limits.length === 2)
      const refused = yield* Effect.forEach(finds.slice(2), Fiber.join)
      for (const exit of refused) {
        const error = yield* Effect.flip(exit)
        assert.instanceOf(error, RepositoryUnavailable)
        assert.include(String(error.cause), "All 2 connections")
      }
      proxy.releaseAnswers()
      for (const exit of yield* Effect.forEach(finds.slice(0, 2), Fiber.join)) {
        assert.isTrue(Option.isSome(yield* exit))
      }
      assert.strictEqual(limits.length, 2)
      assert.deepStrictEqual(closed, [])
      assert.isTrue(Option.isSome(yield* find))
    }),
  )

  it.effect("start in order, and each command gets the remaining time", () =>
    Effect.gen(function* () {
      const { proxy, find, limits } = yield* onSmallPool("1 minute")
      proxy.holdAnswersTo("find")
      const finds = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(find))
      yield* until(() => limits.length === 2)
      const began = performance.now()
      yield* until(() => performance.now() - began > 100)
      proxy.releaseAnswers()
      yield* Effect.forEach(finds, Fiber.join)
      const [first, , third] = limits
      assert.isAtMost(Number(third), Number(first) - 90)
    }),
  )

  it.effect("include the application's own operations on the same client", () =>
    Effect.gen(function* () {
      const { client, proxy, find, limits } = yield* onSmallPool("1 minute")
      proxy.holdAnswersTo("find")
      const finds = yield* Effect.forEach([1, 2], () => Effect.forkChild(find))
      yield* until(() => limits.length === 2)
      let hasStarted = false
      const own = bounded(
        "own",
        300,
        async () => {
          hasStarted = true
        },
        client,
      )
      assert.instanceOf(yield* Effect.flip(own), RepositoryUnavailable)
      assert.isFalse(hasStarted)
      proxy.releaseAnswers()
      yield* Effect.forEach(finds, Fiber.join)
      assert.deepStrictEqual(yield* Effect.exit(own), Exit.void)
    }),
  )

  it.effect("release their place when interrupted or when they fail", () =>
    Effect.gen(function* () {
      const { client, proxy, find, limits } = yield* onSmallPool("1 minute")
      const failing = bounded("own", 5000, () => Promise.reject(new TypeError("a bug")), client)
      const throwing = bounded(
        "own",
        5000,
        () => {
          throw new TypeError("a bug")
        },
        client,
      )
      for (const each of [failing, throwing, failing]) yield* Effect.flip(Effect.sandbox(each))
      proxy.holdAnswersTo("find")
      const finds = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(find))
      yield* until(() => limits.length === 2)
      for (const fiber of finds) yield* Fiber.interrupt(fiber)
      proxy.releaseAnswers()
      assert.isTrue(Option.isSome(yield* find))
      assert.strictEqual(limits.length, 3)
    }),
  )
})
