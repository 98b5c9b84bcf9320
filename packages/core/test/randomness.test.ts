/** Shows that tokens are as random as their source, and that a broken source is detected. */
import { describe, expect, it } from "@effect/vitest"
import { ApiTokens, MemoryRepository, TokenFormat } from "@tokenry/core"
import { makePlaintext, SecureRandom } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { catalogue } from "./builders.ts"
import { cryptoWith } from "./sources.ts"

const checksummed = TokenFormat.checksummed({ prefix: "tok" })
const hex = TokenFormat.hex({ prefix: "tcp" })
const issuedCount = 10_000

const manyTokens = (format: TokenFormat) =>
  Effect.map(SecureRandom, (random) => Array.from({ length: issuedCount }, () => makePlaintext(format, random))).pipe(
    Effect.provide(NodeCrypto.layer),
  )

/**
 * Pearson's statistic of the characters against all of the alphabet being equally frequent. It follows chi-square with
 * one degree of freedom less than there are characters in the alphabet.
 */
const chiSquare = (characters: Iterable<string>, alphabet: string): number => {
  const counts = new Map([...alphabet].map((character) => [character, 0]))
  let total = 0
  for (const character of characters) {
    counts.set(character, (counts.get(character) ?? 0) + 1)
    total += 1
  }
  expect(counts.size).toBe(alphabet.length)
  const expected = total / alphabet.length
  return [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

/**
 * The value that a chi-square statistic exceeds by chance with probability `p`, by Wilson and Hilferty: the cube root of
 * chi-square / k is close to normal, with mean 1 - 2/(9k) and variance 2/(9k).
 *
 * `z` is the normal quantile of 1 - p. By Bonferroni, a family-wise p of 1e-9 over the 44 statistics of a checksummed
 * token is 2.3e-11 for each, z = 6.58; over the 65 of a hex token it is 1.5e-11, z = 6.65. With z = 6.7 for both (1.0e-11
 * each) a correct generator fails less than once in a billion runs: the critical value is 167.7 for k = 61, where the
 * exact tail is 6.8e-12, and 87.6 for k = 15, where it is 2.8e-12.
 */
const criticalValue = (degreesOfFreedom: number, z = 6.7): number => {
  const variance = 2 / (9 * degreesOfFreedom)
  return degreesOfFreedom * (1 - variance + z * Math.sqrt(variance)) ** 3
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

describe("10,000 issued tokens", () => {
  it.effect.each([
    { format: checksummed, alphabet: base62, length: 43 },
    { format: hex, alphabet: "0123456789abcdef", length: 64 },
  ])("$format.name: none comes twice, and each random character is uniform", ({ format, alphabet, length }) =>
    Effect.map(manyTokens(format), (tokens) => {
      expect(new Set(tokens).size).toBe(issuedCount)
      const critical = criticalValue(alphabet.length - 1)
      for (let position = 4; position < 4 + length; position++) {
        expect(
          chiSquare(
            tokens.map((token) => token.charAt(position)),
            alphabet,
          ),
        ).toBeLessThan(critical)
      }
      expect(chiSquare(tokens.map((token) => token.slice(4, 4 + length)).join(""), alphabet)).toBeLessThan(critical)
    }),
  )

  it.effect("a choice by modulo would be noticed", () =>
    Effect.map(SecureRandom, (random) => {
      const biased = Array.from({ length: issuedCount }, () =>
        Array.from(random.bytes(43), (byte) => base62.charAt(byte % 62)).join(""),
      )
      expect(chiSquare(biased.join(""), base62)).toBeGreaterThan(criticalValue(61))
    }).pipe(Effect.provide(NodeCrypto.layer)),
  )
})

/** `ApiTokens` on a source that always returns this byte. */
const stuckAt = (byte: number, format: TokenFormat) =>
  ApiTokens.layer({ catalogue, format }).pipe(Layer.provide([MemoryRepository.layer, cryptoWith(() => byte)]))

const issueOne = ApiTokens.use((tokens) => tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] }))

describe("a source that is stuck", () => {
  it.effect.each(
    [0x00, 0xff, 0x7b, 0x84].flatMap((byte) => [
      { byte, format: checksummed },
      { byte, format: hex },
    ]),
  )("at $byte still gives $format.name tokens of the right length that are accepted", ({ byte, format }) =>
    Effect.gen(function* () {
      const { plaintext, token } = yield* issueOne
      expect(plaintext).toHaveLength(format.length)
      const caller = yield* ApiTokens.use((tokens) => tokens.verify(plaintext))
      expect(caller.tokenId).toBe(token.id)
    }).pipe(Effect.provide(stuckAt(byte, format))),
  )

  it.effect("is detected at the second token, which isn't issued", () =>
    Effect.gen(function* () {
      yield* issueOne
      expect(yield* Effect.flip(issueOne)).toMatchObject({ _tag: "DuplicateToken" })
    }).pipe(Effect.provide(stuckAt(0, checksummed))),
  )

  it.effect.each([124, 131])("at %d, which is always rejected, is a defect and not an endless loop", (byte) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(issueOne)
      expect(Exit.isFailure(exit) && exit.cause.reasons.map(({ _tag }) => _tag)).toEqual(["Die"])
      const { items } = yield* ApiTokens.use((tokens) => tokens.list({ ownedBy: "user-1" }))
      expect(items).toEqual([])
    }).pipe(Effect.provide(stuckAt(byte, checksummed))),
  )

  it("is called a bounded number of times", () => {
    let asked = 0
    const rejected = {
      bytes: (count: number) => {
        asked += 1
        return new Uint8Array(count).fill(127)
      },
    }
    expect(() => makePlaintext(checksummed, rejected)).toThrow("not random")
    expect(asked).toBe(8)
  })
})

describe("the node source", () => {
  it.effect("returns the requested number of bytes, and never the same ones again", () =>
    Effect.gen(function* () {
      const random = yield* SecureRandom
      const chunks = [1, 10, 32, 64, 4095, 4096, 4097, 10_000].map((count) => ({ count, bytes: random.bytes(count) }))
      for (const { count, bytes } of chunks) expect(bytes).toHaveLength(count)
      const slices = Array.from({ length: 1000 }, () => Buffer.from(random.bytes(16)).toString("hex"))
      expect(new Set(slices).size).toBe(1000)
    }).pipe(Effect.provide(NodeCrypto.layer)),
  )

  it.effect("returns bytes that belong to the caller", () =>
    Effect.gen(function* () {
      const random = yield* SecureRandom
      const first = random.bytes(32)
      const copy = Uint8Array.from(first)
      random.bytes(32).fill(0)
      expect(first).toEqual(copy)
      expect(first.buffer.byteLength).toBe(32)
    }).pipe(Effect.provide(NodeCrypto.layer)),
  )
})
