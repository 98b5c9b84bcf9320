/** Races between use cases: rotations against each other, and minting against changes of the minting token. */
import { assert } from "@effect/vitest"
import type { ApiTokens, RevisionConflict } from "@tokenry/core"
import { ApiTokenRepository, Secret } from "@tokenry/core/adapter"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { race, storedIn } from "../steps.ts"
import { aThumbprint } from "../tokens.ts"
import { serviceLaw, serviceOver } from "./ServiceLaw.ts"

type Service = ApiTokens["Service"]

const ownedBy = "somebody who races"
const rotations = 16

/** `accepted`, or the reason for refusal. */
const verdictOn = (tokens: Service, plaintext: string, scopes: ReadonlyArray<string> = []) =>
  Effect.match(tokens.verify(plaintext, { scopes }), {
    onSuccess: () => "accepted" as const,
    onFailure: ({ _tag }) => _tag,
  })

const rotationRace = Effect.fnUntraced(function* (
  here: Service,
  there: Service,
  repository: ApiTokenRepository["Service"],
) {
  const { token } = yield* here.issue({ ownedBy, name: "raced for", scopes: [] })
  const outcomes = yield* race(Array.from({ length: rotations }), (_, index) =>
    Effect.result((index % 2 === 0 ? here : there).rotate({ id: token.id, ownedBy })),
  )
  const answered = outcomes.filter(Result.isSuccess).map(({ success }) => success)
  const refused = outcomes.filter(Result.isFailure).map(({ failure }): string => failure._tag)
  assert.isAtLeast(answered.length, 1, "one of the rotations wins")
  assert.isTrue(
    refused.every((tag) => tag === ("RevisionConflict" satisfies RevisionConflict["_tag"])),
    "the others fail with a conflict",
  )

  const stored = yield* storedIn(repository, token.id)
  assert.strictEqual(stored.secrets.filter(({ state }) => state._tag === "Active").length, 1, "one secret is active")
  assert.strictEqual(stored.secrets[0].generation, 1 + answered.length, "each successful rotation adds one generation")
  const now = DateTime.makeUnsafe(yield* Clock.currentTimeMillis)
  const usable = stored.secrets.filter((secret) => Secret.isUsable(secret, now)).map(({ generation }) => generation)
  for (const { plaintext, token } of answered) {
    const { generation } = token.secrets[0]
    const expected = usable.includes(generation)
    const verdict = yield* verdictOn(generation % 2 === 0 ? here : there, plaintext)
    assert.strictEqual(verdict === "accepted", expected, `generation ${generation} of ${1 + answered.length}`)
  }
  assert.include(usable, 1 + answered.length, "the last one is accepted")
})

/** Uses a token for the first time with several keys at once. */
const firstUseRace = Effect.fnUntraced(function* (here: Service, there: Service) {
  const { plaintext } = yield* here.issue({ ownedBy, name: "first", scopes: [], boundTo: "first-key" })
  const keys = Array.from({ length: 6 }, () => aThumbprint())
  const uses = (tokens: Service, provenKey: string) =>
    Effect.match(tokens.verify(plaintext, { scopes: [], provenKey }), {
      onSuccess: () => "accepted" as const,
      onFailure: ({ _tag }) => _tag,
    })
  const verdicts = yield* race(keys, (key, index) => uses(index % 2 === 0 ? here : there, key))
  assert.strictEqual(verdicts.filter((verdict) => verdict === "accepted").length, 1, "one key wins")
  assert.strictEqual(verdicts.filter((verdict) => verdict === "WrongKey").length, 5, "the others are refused")
  for (const tokens of [here, there]) {
    assert.deepStrictEqual(yield* Effect.forEach(keys, (key) => uses(tokens, key)), verdicts, "and that stays so")
  }
})

/** Mints below a token two levels down while that token changes; afterwards, nothing it forbids may be accepted. */
const mintingRace = Effect.fnUntraced(function* (
  here: Service,
  there: Service,
  change: (tokens: Service, top: { readonly id: string; readonly ownedBy: string }) => Effect.Effect<unknown, unknown>,
  forbidden: ReadonlyArray<string>,
) {
  const scopes = ["treasure:edit"]
  const top = yield* here.issue({ ownedBy, name: "top", scopes })
  const middle = yield* here.issue({ ownedBy, name: "middle", scopes, caller: yield* here.verify(top.plaintext) })
  const caller = yield* here.verify(middle.plaintext)
  const mint = (tokens: Service) => Effect.result(tokens.issue({ ownedBy, name: "minted", scopes, caller }))
  const changing = Effect.gen(function* () {
    yield* change(there, { id: top.token.id, ownedBy })
    assert.notStrictEqual(yield* verdictOn(here, middle.plaintext, forbidden), "accepted", "it is seen at once")
    return undefined
  })
  const minted = yield* race([mint(here), mint(there), changing, mint(here), mint(there)], (contender) => contender)
  for (const result of minted) {
    if (result === undefined || Result.isFailure(result)) continue
    for (const tokens of [here, there]) {
      const verdict = yield* verdictOn(tokens, result.success.plaintext, forbidden)
      assert.notStrictEqual(verdict, "accepted", "a token minted meanwhile can't exceed its ancestors")
    }
  }
})

/** Repeats the race between the two connections to the store. */
const repeated = (
  round: (here: Service, there: Service, repository: ApiTokenRepository["Service"]) => Effect.Effect<void, unknown>,
) =>
  function* ({ here, there, runs }: Parameters<Parameters<typeof serviceLaw>[1]>[0]) {
    yield* Effect.scoped(
      Effect.gen(function* () {
        const services = [yield* serviceOver(here), yield* serviceOver(there)] as const
        const repository = Context.get(here, ApiTokenRepository)
        for (let run = 0; run < runs; run++) yield* round(...services, repository)
      }),
    )
  }

/** Shortens a token's life to a moment from now, to a later one if that has passed before the store gets to it. */
const shortenedSoon = (
  tokens: Service,
  top: { readonly id: string; readonly ownedBy: string },
  milliseconds: number,
): Effect.Effect<number, unknown> =>
  Effect.gen(function* () {
    const expiresAt = (yield* Clock.currentTimeMillis) + milliseconds
    yield* tokens.edit({ ...top, expiresAt: new Date(expiresAt) })
    return expiresAt
  }).pipe(
    Effect.catchIf(
      (error) => error._tag === "PolicyViolation",
      () => shortenedSoon(tokens, top, milliseconds * 2),
    ),
  )

export const racingLaws = [
  serviceLaw("of concurrent first uses with different keys, exactly one binds the token", repeated(firstUseRace)),

  serviceLaw(
    "many concurrent rotations leave one secret active, and accept the last one and those in their grace period",
    repeated(rotationRace),
  ),

  serviceLaw(
    "once a token is revoked, no descendant is accepted, even one minted at the same time",
    repeated((here, there) => mintingRace(here, there, (tokens, top) => tokens.revoke(top), [])),
  ),

  serviceLaw(
    "once a token is narrowed, no descendant has the removed scopes, even one minted at the same time",
    repeated((here, there) =>
      mintingRace(here, there, (tokens, top) => tokens.edit({ ...top, scopes: ["treasure:read"] }), ["treasure:edit"]),
    ),
  ),

  serviceLaw(
    "once a token has expired, no descendant is accepted, even one minted at the same time",
    repeated((here, there) =>
      mintingRace(
        here,
        there,
        (tokens, top) =>
          Effect.gen(function* () {
            const expiresAt = yield* shortenedSoon(tokens, top, 20)
            // A timer may fire slightly before the clock reaches its time.
            while ((yield* Clock.currentTimeMillis) < expiresAt) yield* Effect.sleep(1)
          }),
        [],
      ),
    ),
  ),
] as const
