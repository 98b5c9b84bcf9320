/** When a token may rotate itself with its previous secret, and when a replaced secret ended. */
import { describe, expect, it } from "@effect/vitest"
import type { ApiToken, Attribution } from "@tokenry/core"
import { Secrets } from "@tokenry/core/adapter"
import { aSecret } from "@tokenry/repository-contract/tokens"
import * as Option from "effect/Option"
import { anApiToken, at, byAlice, hour } from "./builders.ts"

const rotate = (token: ApiToken, milliseconds: number, by: Attribution, grace = hour) =>
  token.rotate(
    aSecret(),
    { now: at(milliseconds), graceEnds: at(milliseconds + grace), expiresAt: token.expiresAt },
    by,
  )

describe("a token rotates itself with a replaced secret", () => {
  const token = anApiToken()
  const itself: Attribution = { actor: { kind: "token", id: token.id }, origin: {} }

  it("for five minutes after it has rotated itself", () => {
    const rotated = rotate(rotate(token, 0, itself), 1, itself)
    expect(rotated.mayRotateItself(1, at(299_999))).toBe(true)
    expect(rotated.mayRotateItself(1, at(300_000))).toBe(false)
    expect(rotated.mayRotateItself(2, at(300_000))).toBe(true)
    expect(rotated.mayRotateItself(3, at(hour))).toBe(true)
    expect(rotated.mayRotateItself(4, at(2))).toBe(false)
  })

  it("not if someone else, or an ancestor, has rotated it since", () => {
    const ancestor: Attribution = { actor: { kind: "token", id: anApiToken().id }, origin: {} }
    for (const by of [byAlice, ancestor]) {
      expect(rotate(rotate(token, 0, itself), 1, by).mayRotateItself(1, at(2))).toBe(false)
      expect(rotate(rotate(token, 0, by), 1, itself).mayRotateItself(1, at(2))).toBe(false)
      expect(rotate(rotate(token, 0, by), 1, itself).mayRotateItself(2, at(2))).toBe(true)
    }
  })

  it("not if the history has evicted a rotation since", () => {
    const rotated = rotate(rotate(token, 0, itself), 1, itself)
    const forgetful = anApiToken({ ...rotated, history: rotated.history.slice(-1) })
    expect(forgetful.mayRotateItself(1, at(2))).toBe(false)
    expect(forgetful.mayRotateItself(2, at(2))).toBe(true)
  })
})

it("ending all grace periods doesn't change the end of a shorter one", () => {
  const token = rotate(rotate(anApiToken(), 0, byAlice, hour), 1, byAlice, 3 * hour)
  const ended = Secrets.endGrace(token.secrets, at(2 * hour))
  expect(ended.map(({ state }) => state)).toMatchObject([
    { _tag: "Active" },
    { _tag: "Retired", at: at(2 * hour) },
    { _tag: "Retired", at: at(hour) },
  ])
  expect(Option.isNone(Secrets.ofGeneration(ended, 4))).toBe(true)
})
