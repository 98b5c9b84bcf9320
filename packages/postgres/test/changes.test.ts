import { assert, describe, it } from "@effect/vitest"
import { ApiToken, ApiTokens, ScopeCatalogue } from "@tokenry/core"
import { ApiTokenRepository, TokenChanges, TokenUsageStore, unattributed } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import { PostgresRepository } from "@tokenry/postgres"
import { at, aToken, aUse } from "@tokenry/repository-contract/tokens"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Client } from "pg"
import { aProxy } from "./proxy.ts"
import { aPlace, aPool, patient, type Place, withoutPostgres } from "./stores.ts"

/** One process's stores, and what its feed has reported so far. */
const listening = (layer: ReturnType<typeof PostgresRepository.layer>) =>
  Effect.gen(function* () {
    const services = yield* Layer.build(layer)
    const reported: Array<string> = []
    const isFollowing = yield* Context.get(services, TokenChanges).follow({
      tokenChanged: (id) => void reported.push(id),
      ownerChanged: (ownedBy) => void reported.push(ownedBy),
      everythingChanged: () => void reported.push("everything"),
    })
    assert.isDefined(isFollowing)
    const follows = Effect.map(Clock.monotonicTimeNanos, (nanoseconds) => isFollowing(Number(nanoseconds) / 1e6))
    yield* until(follows)
    return { ...portsIn(services), reported, follows }
  })

const portsIn = (services: Context.Context<ApiTokenRepository | TokenUsageStore | TokenChanges>) => ({
  repository: Context.get(services, ApiTokenRepository),
  usage: Context.get(services, TokenUsageStore),
  changes: Context.get(services, TokenChanges),
})

/** Waits for the condition, for as long as the test may take. */
const until = <E>(condition: Effect.Effect<boolean, E>) =>
  Effect.gen(function* () {
    while (!(yield* condition)) yield* Effect.sleep(5)
  })

const untilNow = (condition: () => boolean) => until(Effect.sync(condition))

/** The use cases of one process. */
const service = (place: Place, maxStaleness?: "1 hour" | "1 second") => {
  let lookups = 0
  const store = PostgresRepository.layer({ ...place, ...patient })
  const counting = Layer.effectContext(
    Effect.map(Effect.context<ApiTokenRepository | TokenUsageStore | TokenChanges>(), (services) => {
      const repository = Context.get(services, ApiTokenRepository)
      const findByDigest: typeof repository.findByDigest = (candidates) => {
        lookups += 1
        return repository.findByDigest(candidates)
      }
      return Context.add(services, ApiTokenRepository, { ...repository, findByDigest })
    }),
  ).pipe(Layer.provide(store))
  const options = {
    catalogue: ScopeCatalogue.make({ "treasure:read": "See treasures" }),
    ...(maxStaleness === undefined ? {} : { cache: { maxStaleness } }),
  }
  return Effect.map(
    Layer.build(ApiTokens.layer(options).pipe(Layer.provide([NodeCrypto.layer, counting]))),
    (services) => ({ tokens: Context.get(services, ApiTokens), lookups: () => lookups }),
  )
}

type Tokens = ApiTokens["Service"]

const isAccepted = (tokens: Tokens, plaintext: string) =>
  Effect.match(tokens.verify(plaintext), { onSuccess: () => true, onFailure: () => false })

/** Verifies until a verify is answered without a lookup. */
const untilCached = ({ tokens, lookups }: Effect.Success<ReturnType<typeof service>>, plaintext: string) =>
  until(
    Effect.gen(function* () {
      const before = lookups()
      return (yield* isAccepted(tokens, plaintext)) && lookups() === before
    }),
  )

const issue = (tokens: Tokens) => tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })

describe.skipIf(withoutPostgres)("changes heard from PostgreSQL", () => {
  it.live("with a cache, a token that another process revokes is refused long before maxStaleness", () =>
    Effect.gen(function* () {
      const place = yield* aPlace
      const here = yield* service(place, "1 hour")
      const there = yield* service(place)
      for (let round = 0; round < 20; round++) {
        const { plaintext, token } = yield* issue(there.tokens)
        yield* untilCached(here, plaintext)
        yield* there.tokens.revoke({ id: token.id, ownedBy: "user-1" })
        yield* until(Effect.map(isAccepted(here.tokens, plaintext), (accepted) => !accepted))
      }
    }),
  )

  it.live.each(["cut", "freeze", "drop everything"] as const)(
    "while the feed is interrupted (%s) a revoked token is refused, and the cache is used again afterwards",
    (fault) =>
      Effect.gen(function* () {
        const place = yield* aPlace
        const proxy = yield* aProxy(place.url)
        const here = yield* service({ ...place, url: proxy.url }, "1 hour")
        const there = yield* service(place)
        const { plaintext, token } = yield* issue(there.tokens)
        const other = yield* issue(there.tokens)
        yield* untilCached(here, plaintext)
        yield* untilCached(here, other.plaintext)
        proxy.behave({ feed: fault })
        yield* there.tokens.revoke({ id: token.id, ownedBy: "user-1" })
        yield* until(Effect.map(isAccepted(here.tokens, plaintext), (accepted) => !accepted))
        proxy.behave({ feed: "pass" })
        yield* untilCached(here, other.plaintext)
        assert.isFalse(yield* isAccepted(here.tokens, plaintext))
      }),
  )

  it.live("if a proxy drops changes but not heartbeats, a revoked token is refused after maxStaleness", () =>
    Effect.gen(function* () {
      const place = yield* aPlace
      const proxy = yield* aProxy(place.url)
      proxy.behave({ feed: "drop changes" })
      const here = yield* service({ ...place, url: proxy.url }, "1 second")
      const there = yield* service(place)
      const { plaintext, token } = yield* issue(there.tokens)
      yield* untilCached(here, plaintext)
      yield* there.tokens.revoke({ id: token.id, ownedBy: "user-1" })
      yield* until(Effect.map(isAccepted(here.tokens, plaintext), (accepted) => !accepted))
    }),
  )

  it.live("a lookup in flight during a revocation elsewhere doesn't bring the old state back", () =>
    Effect.gen(function* () {
      const place = yield* aPlace
      const proxy = yield* aProxy(place.url)
      const here = yield* service({ ...place, url: proxy.url }, "1 hour")
      const there = yield* service(place)
      const hearing = yield* listening(PostgresRepository.layer({ ...place, url: proxy.url }))
      const { plaintext, token } = yield* issue(there.tokens)
      const other = yield* issue(there.tokens)
      yield* untilCached(here, other.plaintext)
      proxy.behave({ lookups: "hold" })
      const early = yield* Effect.forkChild(isAccepted(here.tokens, plaintext))
      yield* untilNow(proxy.isHolding)
      hearing.reported.length = 0
      yield* there.tokens.revoke({ id: token.id, ownedBy: "user-1" })
      yield* untilNow(() => hearing.reported.includes(token.id))
      proxy.behave({ lookups: "pass" })
      assert.isTrue(yield* Fiber.join(early), "it had read the state before")
      yield* until(Effect.map(isAccepted(here.tokens, plaintext), (accepted) => !accepted))
    }),
  )

  it.live("a connection that the server ends is replaced, and everything counts as changed", () =>
    Effect.gen(function* () {
      const place = yield* aPlace
      const pool = yield* aPool(place.url)
      const { reported } = yield* listening(PostgresRepository.layer(place))
      reported.length = 0
      yield* Effect.promise(() =>
        pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT pg_notify%')`,
        ),
      )
      yield* untilNow(() => reported.includes("everything"))
    }),
  )

  it.live("neither uses nor changes that are rolled back are notified", () =>
    Effect.gen(function* () {
      const place = yield* aPlace
      const { reported, repository, usage } = yield* listening(PostgresRepository.layer(place))
      const [used, undone, done] = [aToken(), aToken(), aToken()]
      yield* repository.insert(used)
      yield* untilNow(() => reported.includes(used.id))
      reported.length = 0
      yield* usage.record([aUse({ tokenId: used.id })])
      const client = new Client({ connectionString: place.url })
      yield* Effect.acquireRelease(
        Effect.promise(() => client.connect()),
        () => Effect.promise(() => client.end()),
      )
      const within = portsIn(yield* Layer.build(PostgresRepository.onClient(client, { schema: place.schema })))
      for (const [token, end] of [
        [undone, "ROLLBACK"],
        [done, "COMMIT"],
      ] as const) {
        yield* Effect.promise(() => client.query("BEGIN"))
        yield* within.repository.insert(token)
        yield* Effect.promise(() => client.query(end))
      }
      yield* untilNow(() => reported.includes(done.id))
      assert.deepStrictEqual(reported, [done.id])
      assert.isTrue(Option.isNone(yield* repository.findById(undone.id)))
    }),
  )

  it.live("stores in different schemas of one database don't hear each other", () =>
    Effect.gen(function* () {
      const [mine, foreign] = [yield* aPlace, yield* aPlace]
      const { reported, repository } = yield* listening(PostgresRepository.layer(mine))
      const other = portsIn(yield* Layer.build(PostgresRepository.layer(foreign)))
      reported.length = 0
      yield* other.repository.insert(aToken())
      const own = aToken()
      yield* repository.insert(own)
      yield* untilNow(() => reported.includes(own.id))
      assert.deepStrictEqual(reported, [own.id])
    }),
  )

  it.live("with notify: false nothing is notified, and everything else works", () =>
    Effect.gen(function* () {
      const place = yield* aPlace
      const { reported, repository } = yield* listening(PostgresRepository.layer(place))
      const silent = portsIn(yield* Layer.build(PostgresRepository.layer({ ...place, notify: false })))
      reported.length = 0
      const token = aToken()
      yield* silent.repository.insert(token)
      yield* silent.repository.replace(new ApiToken({ ...token, revision: 2 }), 1)
      yield* silent.repository.revokeOwnedBy(token.ownedBy, { at: at(0), reason: "on request" }, unattributed)
      assert.strictEqual(yield* silent.repository.purge(at(1)), 1)
      yield* silent.changes.announceOwner(token.ownedBy)
      const heard = aToken()
      yield* repository.insert(heard)
      yield* untilNow(() => reported.includes(heard.id))
      assert.deepStrictEqual(reported, [heard.id])
    }),
  )

  it.live("where LISTEN can't work, there is no feed, and owners are still announced", () =>
    Effect.gen(function* () {
      const place = yield* aPlace
      const { reported } = yield* listening(PostgresRepository.layer(place))
      const poolOfOne = yield* aPool(place.url, { max: 1 })
      for (const layer of [
        PostgresRepository.layer({ ...place, listen: false }),
        PostgresRepository.layer({ ...place, preparedStatements: false }),
        PostgresRepository.layerFrom(poolOfOne, { schema: place.schema }),
      ]) {
        const { changes } = portsIn(yield* Layer.build(layer))
        const listener = { tokenChanged: () => {}, ownerChanged: () => {}, everythingChanged: () => {} }
        assert.isUndefined(yield* changes.follow(listener))
        reported.length = 0
        yield* changes.announceOwner("user-1" as Parameters<typeof changes.announceOwner>[0])
        yield* untilNow(() => reported.includes("user-1"))
      }
    }),
  )
})
