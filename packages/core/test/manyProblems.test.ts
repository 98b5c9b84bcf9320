/** Requests with very many problems: the error stays short, and is computed quickly. */
import { expect, it } from "@effect/vitest"
import { ApiTokens, type InputIssue, ScopeCatalogue, ScopeNotHeld } from "@tokenry/core"
import * as Effect from "effect/Effect"
import { issue, world } from "./world.ts"

const names = Array.from({ length: 1000 }, (_, index) => `treasure:raed-${index}`)

const issuesOf = <R>(attempt: Effect.Effect<unknown, object, R>) =>
  Effect.map(Effect.flip(attempt), (error) => (error as { readonly issues: ReadonlyArray<InputIssue> }).issues)

it.effect("a thousand undeclared scopes give twenty problems and a count, and five of them have a suggestion", () =>
  Effect.gen(function* () {
    const issues = yield* issuesOf(issue({ scopes: ["treasure:raed", ...names.slice(1).map(() => "treasure:edti")] }))
    expect(issues).toHaveLength(21)
    expect(issues[0]).toEqual({
      path: ["scopes", "0"],
      message: "must be a declared scope; did you mean treasure:read?",
    })
    expect(issues.filter(({ message }) => message.includes("did you mean"))).toHaveLength(5)
    expect(issues.at(-1)).toEqual({ path: [], message: "has 980 more problems, not listed here" })
  }).pipe(Effect.provide(world())),
)

it.effect("equally many unknown fields, or elements of the wrong type, are listed as briefly", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const unknown = Object.fromEntries(names.map((name) => [name, 1]))
    const requests = [
      { ownedBy: "user-1", name: "CI", scopes: [], ...unknown },
      { ownedBy: "user-1", name: "CI", scopes: names.map(() => 1) },
    ]
    for (const request of requests) {
      const error = yield* Effect.flip(tokens.issue(request as never))
      expect(error._tag).toBe("InvalidInput")
      expect(error.message).toContain("has 980 more problems")
      expect(error.message.length).toBeLessThan(3000)
    }
  }).pipe(Effect.provide(world())),
)

it.effect("a scope requested a thousand times and not held is named once", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { token } = yield* issue()
    const scopes = names.map(() => "treasure:delete")
    const error = yield* Effect.flip(tokens.edit({ id: token.id, ownedBy: "user-1", scopes }))
    expect(error).toMatchObject({ _tag: "ScopeNotHeld", scopes: ["treasure:delete"] })
  }).pipe(Effect.provide(world())),
)

it("a message names twenty scopes at most", () => {
  const { message } = new ScopeNotHeld({ scopes: names, on: "owner" })
  expect(message).toContain("treasure:raed-19 and 980 more")
  expect(message).not.toContain("treasure:raed-20")
})

it("the nearest of a thousand names is found, and a very long one has none", () => {
  const catalogue = ScopeCatalogue.make(Object.fromEntries(names.map((name) => [name, name])))
  expect(catalogue.nearest("x".repeat(1_000_000))).toBe(undefined)
  expect(catalogue.nearest("treasure:raed-0x")).toBe("treasure:raed-0")
  expect(catalogue.undeclared(["treasure:raed-0", "treasure:dig", "constructor"])).toEqual([
    "treasure:dig",
    "constructor",
  ])
})
