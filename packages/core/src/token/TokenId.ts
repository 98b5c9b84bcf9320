/** A token's public id: a UUIDv7 (RFC 9562 §5.7), which sorts by time of issue and isn't secret. */
import type * as Brand from "effect/Brand"
import type * as DateTime from "effect/DateTime"

export type TokenId = string & Brand.Brand<"TokenId">

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const is = (value: unknown): value is TokenId => typeof value === "string" && pattern.test(value)

/** How many random bytes `make` needs. */
const randomByteCount = 10

/**
 * An id for a token issued at `now`: 48 bits of milliseconds, version and variant, 74 random bits. A `sequence` (0 to
 * 4095) takes the place of the first 12, to order ids within the millisecond (RFC 9562 §6.2, method 1).
 */
const make = (now: DateTime.Utc, random: Uint8Array, sequence?: number): TokenId => {
  const milliseconds = now.epochMilliseconds.toString(16).padStart(12, "0")
  const byte = (index: number) => hexOf[random[index] as number] as string
  const first = sequence === undefined ? byte(0).charAt(1) + byte(1) : sequence.toString(16).padStart(3, "0")
  const variant = hexOf[0x80 | ((random[2] as number) & 0x3f)] as string
  // `join` makes one string. Engines keep a concatenation as a tree of its parts, at six times the memory.
  return [
    milliseconds.slice(0, 8),
    milliseconds.slice(8),
    `7${first}`,
    variant + byte(3),
    byte(4) + byte(5) + byte(6) + byte(7) + byte(8) + byte(9),
  ].join("-") as TokenId
}

/**
 * A function that makes ids in ascending order, also within one millisecond, so a list shows a process's tokens in the
 * order it issued them. Beyond 4,096 in a millisecond their order is arbitrary.
 */
const inSequence = (random: { readonly bytes: (count: number) => Uint8Array }) => {
  let [latest, sequence] = [-1, 0]
  return (now: DateTime.Utc): TokenId => {
    sequence = now.epochMilliseconds === latest ? (sequence + 1) & 0xfff : 0
    latest = now.epochMilliseconds
    return make(now, random.bytes(randomByteCount), sequence)
  }
}

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

export const TokenId = { is, make, inSequence, randomByteCount } as const
