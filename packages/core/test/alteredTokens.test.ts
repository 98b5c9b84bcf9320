/** Shows that a mistyped token never reaches the store. */
import { expect, it } from "@effect/vitest"
import { ApiTokens } from "@tokenry/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { catalogue } from "./builders.ts"
import { Asked, counting } from "./repositories.ts"
import { cryptoWith } from "./sources.ts"

/** Always the same token: one in 2^32 alterations of more than a few characters has a matching checksum by chance. */
const world = ApiTokens.layer({ catalogue }).pipe(
  Layer.provide(cryptoWith((index) => (index * 97 + 11) % 251)),
  Layer.provideMerge(counting),
)

/** Every text that results from one slip at any position. */
function* slips(token: string): Generator<string> {
  for (let index = 0; index < token.length; index++) {
    const [before, here, after] = [token.slice(0, index), token.charAt(index), token.slice(index + 1)]
    for (const other of "0Oo1Il_zZ9a-\u00e9\u{1d7d8} \0") if (other !== here) yield before + other + after
    const code = here.charCodeAt(0)
    yield before + String.fromCharCode(code ^ 1) + after
    yield before + String.fromCharCode(code ^ 0x20) + after
    // The same low byte, which a careless table lookup would confuse with the original.
    yield before + String.fromCharCode(code + 0x100) + after
    yield before + after
    yield before + here + here + after
    yield `${before}0${here}${after}`
    for (let distance = 1; distance <= 5; distance++) {
      const there = token.charAt(index + distance)
      if (there !== "" && there !== here) {
        yield before + there + token.slice(index + 1, index + distance) + here + token.slice(index + distance + 1)
      }
    }
  }
  yield `${token}0`
  yield `${token}\n`
  yield ` ${token}`
}

it.effect("a token with one character changed, left out, added or swapped is refused without a lookup", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const asked = yield* Asked
    const { plaintext } = yield* tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
    asked.length = 0
    const altered = [...slips(plaintext)]
    expect(altered.length).toBeGreaterThan(1000)
    for (const presented of altered) {
      expect(yield* Effect.flip(tokens.verify(presented))).toMatchObject({ _tag: "Malformed" })
    }
    expect(asked).toEqual([])
    yield* tokens.verify(plaintext)
    expect(asked).toEqual(["findByDigest"])
  }).pipe(Effect.provide(world)),
)
