/** The shape of a plaintext token: makes one from random bytes, recognises one, says what is wrong with a string. */
import { randomCharacters } from "./Base62.ts"
import { checksumFlawOf, checksumLength, checksumOf } from "./Checksum.ts"

/** Why a string isn't a token of a format. */
export type TokenFlaw = "NotAString" | "WrongPrefix" | "WrongLength" | "WrongCharacter" | "WrongChecksum"

/** One token format. */
export interface TokenFormat {
  readonly name: "checksummed" | "hex"
  /** The part before the random characters and their `_`: `tcp`, `acme_live`. */
  readonly prefix: string
  /** The length of every token, in characters. */
  readonly length: number
  /** How many random bytes `make` needs. */
  readonly randomByteCount: number
  /**
   * A plaintext token from `randomByteCount` bytes of a cryptographically secure source. `undefined` if too many bytes
   * had to be rejected (less than once in 10^15 calls): call again with fresh bytes.
   */
  readonly make: (random: Uint8Array) => string | undefined
  /** What is wrong with the string as a token of this format; `undefined` if nothing is. Needs no store. */
  readonly flawOf: (presented: string) => TokenFlaw | undefined
}

/** Whether the value is a format. */
export const isFormat = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  "flawOf" in value &&
  typeof value.flawOf === "function" &&
  "make" in value &&
  typeof value.make === "function"

/** The prefix and the last four characters of a token, as in `tcp_…7T0m`: enough to recognise it. */
export const hintOf = ({ prefix }: TokenFormat, plaintext: string): string => `${prefix}_…${plaintext.slice(-4)}`

interface TokenFormatOptions {
  /**
   * The part before the random characters: 1 to 20 of `a-z`, `0-9` and `_`, starting with a letter, without a trailing
   * or double underscore. Use your product's name, such as `acme_live`, so that secret scanners can recognise a leaked
   * token.
   */
  readonly prefix: string
}

const randomLength = 43

/**
 * `prefix_`, 43 base62 characters (256 random bits), 6 characters of checksum: the default.
 *
 * @throws Error if the prefix is not allowed.
 */
const checksummed = ({ prefix }: TokenFormatOptions): TokenFormat => {
  const start = checkedStart(prefix)
  const length = start.length + randomLength + checksumLength
  return {
    name: "checksummed",
    prefix,
    length,
    randomByteCount: 64,
    make: (random) => {
      const characters = randomCharacters(random, randomLength)
      return characters === undefined ? undefined : `${start}${characters}${checksumOf(characters)}`
    },
    flawOf: (presented) => {
      if (presented.length !== length) return "WrongLength"
      if (!presented.startsWith(start)) return "WrongPrefix"
      return checksumFlawOf(presented, start.length)
    },
  }
}

/**
 * `prefix_` and 64 lower-case hex digits (256 random bits), without a checksum, for compatibility with other software
 * that creates or expects this format.
 *
 * @throws Error if the prefix is not allowed.
 */
const hex = ({ prefix }: TokenFormatOptions): TokenFormat => {
  const start = checkedStart(prefix)
  const length = start.length + 64
  const digits = /^[0-9a-f]{64}$/
  return {
    name: "hex",
    prefix,
    length,
    randomByteCount: 32,
    make: (random) =>
      random.length < 32
        ? undefined
        : start + Array.from(random.subarray(0, 32), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    flawOf: (presented) => {
      if (presented.length !== length) return "WrongLength"
      if (!presented.startsWith(start)) return "WrongPrefix"
      return digits.test(presented.slice(start.length)) ? undefined : "WrongCharacter"
    },
  }
}

/** The built-in formats. */
export const TokenFormat = { checksummed, hex } as const

/**
 * What is wrong with the value as a token of any of these formats; `undefined` if one accepts it. Reports the flaw of
 * the format that came closest.
 */
export const flawOfAll = (formats: ReadonlyArray<TokenFormat>, presented: unknown): TokenFlaw | undefined => {
  if (typeof presented !== "string") return "NotAString"
  let nearest: TokenFlaw = "WrongLength"
  for (const format of formats) {
    const flaw = format.flawOf(presented)
    if (flaw === undefined) return undefined
    if (nearness[flaw] > nearness[nearest]) nearest = flaw
  }
  return nearest
}

const nearness: Record<TokenFlaw, number> = {
  NotAString: 0,
  WrongLength: 1,
  WrongPrefix: 2,
  WrongCharacter: 3,
  WrongChecksum: 4,
}

const checkedStart = (prefix: string): string => {
  if (typeof prefix !== "string" || prefix.length > 20 || !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(prefix)) {
    throw new Error(
      `The prefix ${JSON.stringify(prefix)} is not valid. Use 1 to 20 of a-z, 0-9 and _, starting with a letter, without a trailing or double _, as in "acme_live"`,
    )
  }
  return `${prefix}_`
}
