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
  const byte = (index: number) => random[index] as number
  const first = sequence ?? (byte(0) << 8) | byte(1)
  const codes = [...blank]
  putHex(codes, 0, 8, Math.floor(now.epochMilliseconds / 0x10000))
  putHex(codes, 9, 4, now.epochMilliseconds % 0x10000)
  putHex(codes, 14, 4, 0x7000 | (first & 0xfff))
  putHex(codes, 19, 2, 0x80 | (byte(2) & 0x3f))
  putHex(codes, 21, 2, byte(3))
  for (let index = 4; index < randomByteCount; index++) putHex(codes, 16 + 2 * index, 2, byte(index))
  // A string in one piece. Engines keep a concatenation as a tree of its parts, at six times the memory.
  return String.fromCharCode(...codes) as TokenId
}

/** Puts the value as so many hex digits into a list of character codes. */
const putHex = (codes: Array<number>, at: number, length: number, value: number): void => {
  for (let index = 0; index < length; index++) {
    codes[at + index] = hexDigits.charCodeAt((value >>> (4 * (length - 1 - index))) & 0xf)
  }
}

const hexDigits = "0123456789abcdef"
const blank = Array.from("........-....-....-....-............", (character) => character.charCodeAt(0))

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

export const TokenId = { is, make, inSequence, randomByteCount } as const
