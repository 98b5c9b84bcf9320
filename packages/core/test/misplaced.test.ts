/** A plaintext token in the wrong field: it is neither stored nor repeated. */
import { expect, it } from "@effect/vitest"
import { ApiTokens, OwnerDirectory, TokenFormat } from "@tokenry/core"
import * as Effect from "effect/Effect"
import { byAlice } from "./builders.ts"
import { issue, outcomeOf, stored, world } from "./world.ts"

const hex = TokenFormat.hex({ prefix: "old" })

it.effect("in stored text it is refused, and the error doesn't repeat it", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue()
    const own = { id: token.id, ownedBy: "user-1" }
    const by = { ...byAlice, actor: { kind: "person", id: plaintext } } as const
    const attempts: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string; readonly message: string }>> = [
      tokens.issue({ ownedBy: plaintext, name: "CI", scopes: [] }),
      tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [], issuedTo: plaintext }),
      tokens.revoke({ ...own, reason: `leaked: ${plaintext}` }),
      tokens.revokeOwnedBy({ ownedBy: "user-1", reason: plaintext }),
      tokens.revokeAllIssuedTo({ issuedTo: plaintext }),
      tokens.edit({ ...own, name: "laptop", by }),
    ]
    for (const attempt of attempts) {
      const error = yield* Effect.flip(attempt)
      expect(error).toMatchObject({
        _tag: "InvalidInput",
        message: expect.stringContaining("must not contain a token"),
      })
      expect(JSON.stringify(error) + error.message).not.toContain(plaintext)
    }
  }).pipe(Effect.provide(world())),
)

it.effect("it is found in the middle of longer words, of every accepted format", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext: current, token } = yield* issue()
    const { plaintext: former } = yield* issue().pipe(Effect.provide(world({ format: hex })))
    const own = { id: token.id, ownedBy: "user-1" }
    for (const plaintext of [current, former]) {
      for (const text of [
        `my_${plaintext}`,
        `${plaintext}_old`,
        `x${plaintext}y`,
        `tok_tok_old_${plaintext}${plaintext}`,
      ]) {
        expect(yield* outcomeOf(tokens.edit({ ...own, name: text.slice(0, 100) }))).toBe("PolicyViolation")
        expect(yield* outcomeOf(tokens.revoke({ ...own, reason: text }))).toBe("InvalidInput")
        expect(yield* outcomeOf(issue({ issuedTo: text }))).toBe("InvalidInput")
        const by = { actor: byAlice.actor, origin: { userAgent: `cli_${text}${former}_1`, address: text } }
        yield* tokens.edit({ ...own, name: `laptop ${text.length}`, by })
        const { origin } = (yield* stored(token.id)).history.at(-1) ?? {}
        expect(origin?.userAgent).toMatch(/^cli_.*…/)
        expect(JSON.stringify(origin)).not.toContain(plaintext)
        expect(JSON.stringify(origin)).not.toContain(former)
      }
    }
    // Merely looks like a token.
    expect(yield* outcomeOf(tokens.edit({ ...own, name: `x${current.slice(0, -1)}` }))).toBe("done")
  }).pipe(Effect.provide(world({ alsoAccept: [hex] }))),
)

it.effect("in a client's user agent it is masked", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue()
    const by = { ...byAlice, origin: { userAgent: `curl/8 ${plaintext} (x)`, address: "192.0.2.1" } }
    yield* tokens.edit({ id: token.id, ownedBy: "user-1", name: "laptop", by })
    expect((yield* stored(token.id)).history.at(-1)?.origin).toEqual({
      userAgent: "curl/8 … (x)",
      address: "192.0.2.1",
    })
  }).pipe(Effect.provide(world())),
)

it.effect("an invalid owner isn't repeated", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(issue({ ownedBy: "somebody-else" }))
    expect(error.message).toBe("The owner is not active")
  }).pipe(
    Effect.provide(
      world(
        {},
        OwnerDirectory.layerFrom(() => ({ active: false })),
      ),
    ),
  ),
)
