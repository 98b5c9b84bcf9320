/** Changes through the use cases: all or nothing, only to live tokens, and none lost. */
import { expect, it } from "@effect/vitest"
import { ApiTokens } from "@tokenry/core"
import { stateOf } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { at, byAlice, catalogue, hour } from "./builders.ts"
import { Asked, conflicting, counting } from "./repositories.ts"

const world = ApiTokens.layer({ catalogue }).pipe(Layer.provide(NodeCrypto.layer), Layer.provideMerge(counting))

const issued = Effect.gen(function* () {
  const tokens = yield* ApiTokens
  const { token } = yield* tokens.issue({
    ownedBy: "user-1",
    name: "CI",
    scopes: ["treasure:edit", "treasure:delete"],
    expiresIn: "1 hour",
  })
  return { tokens, token, own: { id: token.id, ownedBy: "user-1" } }
})

it.effect("an edit is one write, with a history entry for each change", () =>
  Effect.gen(function* () {
    const { tokens, own } = yield* issued
    const asked = yield* Asked
    asked.length = 0
    const edited = yield* tokens.edit({
      ...own,
      name: "laptop",
      scopes: ["treasure:read"],
      expiresAt: "1970-01-01T00:30:00Z",
      by: byAlice,
    })
    expect(asked).toEqual(["findById", "replace"])
    expect(edited).toMatchObject({ name: "laptop", scopes: ["treasure:read"], expiresAt: Option.some(at(hour / 2)) })
    expect(edited.history.slice(1)).toEqual([
      { kind: "renamed", at: at(0), ...byAlice, detail: Option.some("was CI") },
      { kind: "narrowed", at: at(0), ...byAlice, detail: Option.some("was treasure:edit treasure:delete") },
      { kind: "shortened", at: at(0), ...byAlice, detail: Option.some("was 1970-01-01T01:00:00.000Z") },
    ])
    expect(yield* tokens.find(own)).toEqual(edited)
  }).pipe(Effect.provide(world)),
)

it.effect.each([
  { name: "" },
  { scopes: ["treasure:bury"] },
  { scopes: ["treasure:manage"] },
  { expiresIn: "2 hours" },
  { expiresIn: "0 minutes" },
  { expiresAt: null },
] as const)("an edit of which one part is forbidden changes nothing: case %#", (forbidden) =>
  Effect.gen(function* () {
    const { tokens, own, token } = yield* issued
    const asked = yield* Asked
    const error = yield* Effect.flip(
      tokens.edit({ ...own, name: "laptop", scopes: [], ...(forbidden as { readonly name?: string }) }),
    )
    expect(["PolicyViolation", "ScopeNotHeld"]).toContain(error._tag)
    expect(asked).not.toContain("replace")
    expect(yield* tokens.find(own)).toEqual(token)
  }).pipe(Effect.provide(world)),
)

it.effect("an edit that changes nothing writes nothing", () =>
  Effect.gen(function* () {
    const { tokens, own, token } = yield* issued
    const asked = yield* Asked
    asked.length = 0
    expect(yield* tokens.edit(own)).toEqual(token)
    const same = { name: "CI", scopes: ["treasure:delete", "treasure:edit"], expiresAt: "1970-01-01T01:00:00Z" }
    expect(yield* tokens.edit({ ...own, ...same })).toEqual(token)
    expect(new Set(asked)).toEqual(new Set(["findById"]))
  }).pipe(Effect.provide(world)),
)

it.effect("expired or revoked tokens can't be changed, except by revoking", () =>
  Effect.gen(function* () {
    const { tokens, own } = yield* issued
    const attempts = [
      tokens.edit({ ...own, name: "x" }),
      tokens.edit({ ...own, scopes: [] }),
      tokens.edit({ ...own, expiresIn: "1 minute" }),
      tokens.edit(own),
    ]
    yield* TestClock.setTime(hour)
    for (const attempt of attempts) {
      expect(yield* Effect.flip(attempt)).toMatchObject({ _tag: "TokenNotLive", id: own.id, state: "expired" })
    }
    const revoked = yield* tokens.revoke({ ...own, reason: "lost", by: byAlice })
    expect(stateOf(revoked, at(hour))).toBe("revoked")
    expect(revoked.history.at(-1)).toEqual({ kind: "revoked", at: at(hour), ...byAlice, detail: Option.some("lost") })
    yield* TestClock.adjust("1 hour")
    expect(yield* tokens.revoke({ ...own, reason: "again" })).toEqual(revoked)
    for (const attempt of attempts) {
      expect(yield* Effect.flip(attempt)).toMatchObject({ _tag: "TokenNotLive", state: "revoked" })
    }
  }).pipe(Effect.provide(world)),
)

it.effect("of concurrent changes, none is lost", () =>
  Effect.gen(function* () {
    const { tokens, own } = yield* issued
    const names = Array.from({ length: 20 }, (_, index) => `name ${index}`)
    const renaming = yield* Effect.forkChild(
      Effect.all(
        names.map((name) => tokens.edit({ ...own, name, by: { actor: { kind: "person", id: name }, origin: {} } })),
        { concurrency: "unbounded" },
      ),
    )
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(renaming)
    const { history, revision } = yield* tokens.find(own)
    expect(revision).toBe(21)
    expect(history).toHaveLength(21)
  }).pipe(Effect.provide(world)),
)

it.effect("a change that loses 201 races gives up with an error", () =>
  Effect.gen(function* () {
    const { tokens, own, token } = yield* issued
    const renaming = yield* Effect.forkChild(Effect.flip(tokens.edit({ ...own, name: "laptop" })))
    yield* TestClock.adjust("1 minute")
    expect(yield* Fiber.join(renaming)).toMatchObject({ _tag: "RevisionConflict", id: own.id })
    expect(yield* tokens.find(own)).toEqual(token)
  }).pipe(Effect.provide(ApiTokens.layer({ catalogue }).pipe(Layer.provide([conflicting(201), NodeCrypto.layer])))),
)
