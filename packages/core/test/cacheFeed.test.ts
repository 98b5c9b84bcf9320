import { expect, it } from "@effect/vitest"
import { ApiTokens, OwnerDirectory, RepositoryUnavailable } from "@tokenry/core"
import { type OwnerId, type TokenChangeListener, TokenChanges, type TokenId } from "@tokenry/core/adapter"
import { anId } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import { cached, gated } from "./gatedStore.ts"
import { callerWith, issue, outcomeOf, settled, verdictOn, world } from "./world.ts"

/** A feed that the test controls. */
const aFeed = () => {
  let listener: TokenChangeListener | undefined
  let isFollowing = true
  let isAway = false
  const announced: Array<string> = []
  const layer = Layer.succeed(TokenChanges, {
    follow: (follower) =>
      Effect.sync(() => {
        listener = follower
        return () => isFollowing
      }),
    announceOwner: (ownedBy) =>
      Effect.suspend(() => {
        announced.push(ownedBy)
        return isAway ? new RepositoryUnavailable({ operation: "announceOwner", cause: undefined }) : Effect.void
      }),
  })
  return {
    layer,
    announced,
    tokenChanged: (id: TokenId) => listener?.tokenChanged(id),
    ownerChanged: (ownedBy: string) => listener?.ownerChanged(ownedBy as OwnerId),
    everythingChanged: () => listener?.everythingChanged(),
    interrupt: () => void (isFollowing = false),
    resume: () => {
      listener?.everythingChanged()
      isFollowing = true
    },
    resumeSilently: () => void (isFollowing = true),
    goAway: () => void (isAway = true),
  }
}

/** Another process's view of the store: no cache, and no feed. */
const elsewhere = (store: ReturnType<typeof gated>) => Effect.provide(world({}, undefined, store.stores))

const revokeElsewhere = (store: ReturnType<typeof gated>, id: TokenId) =>
  ApiTokens.use((tokens) => tokens.revoke({ id, ownedBy: "user-1" })).pipe(elsewhere(store))

it.effect(
  "a token that another process revoked is refused as soon as the feed reports it, and others stay cached",
  () => {
    const [store, feed] = [gated(), aFeed()]
    return Effect.gen(function* () {
      const [one, other] = yield* Effect.all([issue(), issue()])
      for (const { plaintext } of [one, other]) yield* verdictOn(plaintext)
      yield* revokeElsewhere(store, one.token.id)
      expect(yield* verdictOn(one.plaintext)).toBe("accepted")
      feed.tokenChanged(one.token.id)
      expect(yield* verdictOn(one.plaintext)).toBe("Revoked")
      const before = store.lookups()
      expect(yield* verdictOn(other.plaintext)).toBe("accepted")
      expect(store.lookups()).toBe(before)
    }).pipe(Effect.provide(cached(store, {}, undefined, feed.layer)))
  },
)

it.effect("a change of an ancestor affects the tokens minted with it", () => {
  const [store, feed] = [gated(), aFeed()]
  return Effect.gen(function* () {
    const parent = yield* issue()
    const child = yield* issue({ caller: yield* callerWith(parent.plaintext) })
    expect(yield* verdictOn(child.plaintext)).toBe("accepted")
    yield* revokeElsewhere(store, parent.token.id)
    expect(yield* verdictOn(child.plaintext)).toBe("accepted")
    feed.tokenChanged(parent.token.id)
    expect(yield* verdictOn(child.plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(cached(store, {}, undefined, feed.layer)))
})

it.effect("a change of an owner affects the owner's tokens, and a change of everything affects all", () => {
  const [store, feed] = [gated(), aFeed()]
  let active = true
  const owners = OwnerDirectory.layerFrom(() => ({ active, scopes: "all" }))
  return Effect.gen(function* () {
    const [own, foreign] = yield* Effect.all([issue(), issue({ ownedBy: "user-2" })])
    for (const { plaintext } of [own, foreign]) yield* verdictOn(plaintext)
    active = false
    feed.ownerChanged("user-1")
    expect([yield* verdictOn(own.plaintext), yield* verdictOn(foreign.plaintext)]).toEqual([
      "OwnerInactive",
      "accepted",
    ])
    feed.everythingChanged()
    expect(yield* verdictOn(foreign.plaintext)).toBe("OwnerInactive")
  }).pipe(Effect.provide(cached(store, {}, owners, feed.layer)))
})

it.effect("while the feed is interrupted every verify queries the store, and nothing stale is used afterwards", () => {
  const [store, feed] = [gated(), aFeed()]
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext)
    feed.interrupt()
    for (let use = 0; use < 3; use++) expect(yield* verdictOn(plaintext)).toBe("accepted")
    expect(store.lookups()).toBe(4)
    yield* revokeElsewhere(store, token.id)
    expect(yield* verdictOn(plaintext)).toBe("Revoked")
    feed.resume()
    expect(yield* verdictOn(plaintext)).toBe("Revoked")
    yield* verdictOn(plaintext)
    expect(store.lookups()).toBe(6)
  }).pipe(Effect.provide(cached(store, {}, undefined, feed.layer)))
})

it.effect("a feed that was seen interrupted and silently recovers brings nothing stale back", () => {
  const [store, feed] = [gated(), aFeed()]
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext)
    feed.interrupt()
    yield* verdictOn(plaintext)
    yield* revokeElsewhere(store, token.id)
    feed.resumeSilently()
    expect(yield* verdictOn(plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(cached(store, {}, undefined, feed.layer)))
})

it.effect("an interruption that no verify noticed discards earlier entries", () => {
  const [store, feed] = [gated(), aFeed()]
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext)
    feed.interrupt()
    yield* revokeElsewhere(store, token.id)
    feed.resume()
    expect(yield* verdictOn(plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(cached(store, {}, undefined, feed.layer)))
})

it.effect("while the feed is interrupted, nobody joins a lookup in flight", () => {
  const [store, feed] = [gated(), aFeed()]
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    store.close()
    const early = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    feed.interrupt()
    yield* revokeElsewhere(store, token.id)
    const late = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    yield* store.open
    expect([yield* Fiber.join(early), yield* Fiber.join(late)]).toEqual(["accepted", "Revoked"])
  }).pipe(Effect.provide(cached(store, {}, undefined, feed.layer)))
})

it.effect.each([
  ["a change of the token", (feed: ReturnType<typeof aFeed>, id: TokenId) => feed.tokenChanged(id)],
  ["a change of its owner", (feed: ReturnType<typeof aFeed>) => feed.ownerChanged("user-1")],
  ["a change of everything", (feed: ReturnType<typeof aFeed>) => feed.everythingChanged()],
] as const)("a lookup that was in flight when %s was reported doesn't bring the old state back", ([, report]) => {
  const [store, feed] = [gated(), aFeed()]
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    store.close()
    const early = yield* Effect.forkChild(verdictOn(plaintext))
    yield* settled
    yield* revokeElsewhere(store, token.id)
    report(feed, token.id)
    yield* store.open
    expect(yield* Fiber.join(early)).toBe("accepted")
    expect(yield* verdictOn(plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(cached(store, {}, undefined, feed.layer)))
})

it.effect("maxStaleness is the bound even if the feed reports nothing", () => {
  const [store, feed] = [gated(), aFeed()]
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    yield* verdictOn(plaintext)
    yield* revokeElsewhere(store, token.id)
    yield* TestClock.adjust(1999)
    expect(yield* verdictOn(plaintext)).toBe("accepted")
    yield* TestClock.adjust(1)
    expect(yield* verdictOn(plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(cached(store, {}, undefined, feed.layer)))
})

it.effect("a change is remembered for as long as anything read before it may be used", () => {
  const [store, feed] = [gated(), aFeed()]
  return Effect.gen(function* () {
    const { plaintext, token } = yield* issue()
    yield* TestClock.adjust(1900)
    yield* verdictOn(plaintext)
    yield* TestClock.adjust(50)
    feed.tokenChanged(token.id)
    yield* revokeElsewhere(store, token.id)
    yield* TestClock.adjust(50)
    feed.tokenChanged(anId())
    yield* TestClock.adjust(1899)
    feed.tokenChanged(anId())
    expect(yield* verdictOn(plaintext)).toBe("Revoked")
  }).pipe(Effect.provide(cached(store, {}, undefined, feed.layer)))
})

it.effect("more changes than can be tracked count as a change of everything", () => {
  const [store, feed] = [gated(), aFeed()]
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    yield* verdictOn(plaintext)
    for (let change = 0; change < 9999; change++) feed.tokenChanged(anId()) // Issuing the token was a change too.
    yield* verdictOn(plaintext)
    expect(store.lookups()).toBe(1)
    feed.tokenChanged(anId())
    yield* verdictOn(plaintext)
    expect(store.lookups()).toBe(2)
  }).pipe(Effect.provide(cached(store, {}, undefined, feed.layer)))
})

it.effect("ownerChanged takes effect here and is announced to the other processes", () => {
  const [store, feed] = [gated(), aFeed()]
  let active = true
  const owners = OwnerDirectory.layerFrom(() => ({ active, scopes: "all" }))
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    yield* verdictOn(plaintext)
    active = false
    yield* ApiTokens.use((tokens) => tokens.ownerChanged("user-1"))
    expect(feed.announced).toEqual(["user-1"])
    expect(yield* verdictOn(plaintext)).toBe("OwnerInactive")
  }).pipe(Effect.provide(cached(store, {}, owners, feed.layer)))
})

it.effect("ownerChanged fails if it can't be announced, and still takes effect here", () => {
  const [store, feed] = [gated(), aFeed()]
  let active = true
  const owners = OwnerDirectory.layerFrom(() => ({ active, scopes: "all" }))
  feed.goAway()
  return Effect.gen(function* () {
    const { plaintext } = yield* issue()
    yield* verdictOn(plaintext)
    active = false
    const outcome = yield* outcomeOf(ApiTokens.use((tokens) => tokens.ownerChanged("user-1")))
    expect(outcome).toBe("RepositoryUnavailable")
    expect(yield* verdictOn(plaintext)).toBe("OwnerInactive")
  }).pipe(Effect.provide(cached(store, {}, owners, feed.layer)))
})

it.effect("without a cache here, ownerChanged is still announced", () => {
  const feed = aFeed()
  return Effect.gen(function* () {
    yield* ApiTokens.use((tokens) => tokens.ownerChanged("user-1"))
    expect(feed.announced).toEqual(["user-1"])
  }).pipe(Effect.provide(world({}, feed.layer)))
})
