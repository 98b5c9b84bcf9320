/** Which changes a token remembers, and what the audit sink receives before a change is evicted. */
import { describe, expect, it } from "@effect/vitest"
import { type ApiToken, ApiTokens, type Attribution, AuditSink, type ChangeKind } from "@tokenry/core"
import { Change } from "@tokenry/core/adapter"
import { aSecret, named, scopes } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { anApiToken, at, byAlice } from "./builders.ts"
import { issue, settled, stored, verdictOn, world } from "./world.ts"

const minute = 60_000
const byBob: Attribution = { ...byAlice, actor: { kind: "person", id: "bob" } }

const rename = (token: ApiToken, milliseconds: number, by = byAlice) =>
  token.rename(named(`name ${milliseconds}`), at(milliseconds), by)

const rotate = (token: ApiToken, milliseconds: number) =>
  token.rotate(
    aSecret(),
    { now: at(milliseconds), graceEnds: at(milliseconds + minute), expiresAt: token.expiresAt },
    byAlice,
  )

const kindsOf = ({ history }: ApiToken) => history.map(({ kind }) => kind)
const countOf = (token: ApiToken, kind: ChangeKind) => kindsOf(token).filter((other) => other === kind).length

describe("the history", () => {
  it("has the last 50 changes, and always the issue", () => {
    let token = anApiToken()
    for (let index = 1; index <= 60; index++) token = rename(token, index * minute)
    expect(token.history).toHaveLength(Change.remembered)
    expect(token.history[0]?.kind).toBe("issued")
    expect(token.history[1]).toMatchObject({ detail: Option.some(`was name ${11 * minute}`) })
    expect(token.history.at(-1)).toMatchObject({ detail: Option.some(`was name ${59 * minute}`) })
    expect(token.revision).toBe(61)
  })

  it("keeps rotations, reuse and revocation, however often the token is edited", () => {
    let token = rotate(anApiToken(), 1).noteReuse(1, at(2), byAlice)
    for (let index = 1; index <= 200; index++) token = rename(token, index * minute)
    token = token.revoke({ at: at(201 * minute), reason: "lost" }, byAlice)
    for (let index = 202; index <= 300; index++) token = rename(token, index * minute)
    expect(kindsOf(token).filter((kind) => kind !== "renamed")).toEqual(["issued", "rotated", "reused", "revoked"])
    expect(token.history).toHaveLength(Change.remembered)
  })

  it("keeps the newest 20 edits and the issue, however often the token is rotated", () => {
    let token = anApiToken()
    for (let index = 1; index <= 40; index++) token = rename(token, index * minute)
    for (let index = 41; index <= 140; index++) token = rotate(token, index * minute)
    expect([countOf(token, "issued"), countOf(token, "rotated"), countOf(token, "renamed")]).toEqual([1, 29, 20])
    expect(token.history.at(-1)?.at).toEqual(at(140 * minute))
    expect(token.history.find(({ kind }) => kind === "renamed")?.at).toEqual(at(21 * minute))
  })
})

describe("edits repeated by one actor within a minute", () => {
  it("are one entry, with the value before the first and the time of the last", () => {
    const token = rename(rename(anApiToken(), 1), minute)
    expect(token.history).toHaveLength(2)
    expect(token.history[1]).toMatchObject({ kind: "renamed", at: at(minute), detail: Option.some("was CI") })
    expect(rename(token, 2 * minute).history).toHaveLength(3)
  })

  it("are one entry of each kind", () => {
    let token = anApiToken({ scopes: scopes("a", "b", "c", "d") })
    for (const [index, left] of [["a", "b", "c"], ["a", "b"], ["a"]].entries()) {
      token = rename(token, index).narrow(scopes(...left), at(index), byAlice)
    }
    expect(token.history).toMatchObject([
      { kind: "issued" },
      { kind: "renamed", detail: Option.some("was CI") },
      { kind: "narrowed", detail: Option.some("was a b c d") },
    ])
    expect(token.undelivered).toBe(3)
  })

  it.each<[string, (token: ApiToken) => ApiToken, Attribution]>([
    ["someone else made the first", (token) => rename(token, 1, byBob), byAlice],
    ["the first came from elsewhere", (token) => rename(token, 1, { ...byAlice, origin: {} }), byAlice],
    ["another change came in between", (token) => rotate(rename(token, 1), 2), byAlice],
  ])("are two entries where %s", (_, first, by) => {
    const token = rename(first(anApiToken()), 3, by)
    expect(countOf(token, "renamed")).toBe(2)
  })

  it("are delivered again if the sink has confirmed the first", () => {
    const confirmed = anApiToken({ ...rename(anApiToken(), 1), undelivered: 0 })
    const token = rename(confirmed, 2)
    expect(token.undeliveredChanges).toMatchObject([{ kind: "renamed", at: at(2), detail: Option.some("was CI") }])
    expect(rename(token, 3).undeliveredChanges).toHaveLength(1)
  })
})

it("evicted undelivered changes no longer count", () => {
  let token = anApiToken()
  for (let index = 1; index <= 100; index++) token = rename(token, index * minute)
  expect(token.undelivered).toBe(Change.remembered)
  const confirmed = anApiToken({ ...token, undelivered: 1 })
  expect(rename(confirmed, 101 * minute).undelivered).toBe(2)
})

describe("while the audit sink is down", () => {
  const aSink = () => {
    const heard = new Set<string>()
    let isAway = true
    const layer: Layer.Layer<AuditSink> = AuditSink.layerFrom((events) => {
      if (isAway) throw new Error("the queue is full")
      for (const { kind, at } of events) heard.add(`${kind} ${at.epochMilliseconds}`)
    })
    return { heard, layer, comeBack: () => void (isAway = false) }
  }
  const own = { ownedBy: "user-1" }

  it.effect("a token can be edited until its history would lose a change; then the sink must recover first", () => {
    const { heard, layer, comeBack } = aSink()
    return Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const { token } = yield* issue()
      const edit = (index: number) =>
        Effect.andThen(TestClock.adjust("1 minute"), tokens.edit({ ...own, id: token.id, name: `name ${index}` }))
      let done = 0
      const refusal = yield* Effect.flip(Effect.forever(Effect.suspend(() => edit(done++))))
      expect(refusal).toMatchObject({ _tag: "RepositoryUnavailable", operation: "deliver" })
      expect(yield* Effect.flip(tokens.rotate({ ...own, id: token.id }))).toMatchObject({
        _tag: "RepositoryUnavailable",
      })
      expect((yield* stored(token.id)).undeliveredChanges.length).toBe(17)
      comeBack()
      for (let index = 100; index < 200; index++) yield* edit(index)
      yield* tokens.rotate({ ...own, id: token.id })
      yield* settled
      const kinds = [...heard].map((event) => event.split(" ")[0])
      expect(kinds.filter((kind) => kind === "renamed")).toHaveLength(done - 1 + 100)
      expect(new Set(kinds)).toEqual(new Set(["issued", "renamed", "rotated"]))
    }).pipe(Effect.provide(world({}, layer)))
  })

  it.effect("a token can still be revoked, and the sink receives everything once it recovers", () => {
    const { heard, layer, comeBack } = aSink()
    return Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const { plaintext, token } = yield* issue()
      for (let index = 0; index < 16; index++) {
        yield* TestClock.adjust("1 minute")
        yield* tokens.edit({ ...own, id: token.id, name: `name ${index}` })
      }
      yield* tokens.revoke({ ...own, id: token.id })
      expect(yield* verdictOn(plaintext)).toBe("Revoked")
      comeBack()
      yield* TestClock.adjust("2 minutes")
      expect(heard.size).toBe(18)
    }).pipe(Effect.provide(world({}, layer)))
  })
})
