import { describe, expect, it } from "@effect/vitest"
import { TokenFormat } from "@tokenry/core"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import { checksumOf } from "../src/token/Checksum.ts"
import { flawOfAll } from "../src/token/TokenFormat.ts"

const checksummed = TokenFormat.checksummed({ prefix: "tok" })
const hex = TokenFormat.hex({ prefix: "tcp" })
const plaintext = `tok_${"0".repeat(43)}${checksumOf("0".repeat(43))}`

const someBytes = (count: number) =>
  Arbitrary.map(
    Arbitrary.array(Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))), {
      minLength: count,
      maxLength: count,
    }),
    (bytes) => Uint8Array.from(bytes),
  )

it("the checksum is GitHub's", () => {
  // The vector of a published GitHub token: 30 random characters and 6 of checksum.
  expect(checksumOf("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ")).toBe("0mLq17")
})

it("the checksum is CRC-32 of any length of text", () => {
  // The check value of CRC-32/ISO-HDLC, and lengths around multiples of four, the unit that is processed at a time.
  expect(checksumOf("123456789")).toBe(base62(0xcbf43926))
  for (const text of ["", "a", "ab", "abc", "abcd", "abcde"]) expect(checksumOf(text)).toBe(base62(plainCrc32(text)))
})

describe("a made token is recognised", () => {
  it.prop("checksummed", [someBytes(checksummed.randomByteCount)], ([bytes]) => {
    const made = checksummed.make(bytes)
    expect(made === undefined || checksummed.flawOf(made) === undefined).toBe(true)
  })

  it.prop("hex", [someBytes(hex.randomByteCount)], ([bytes]) => {
    const made = hex.make(bytes)
    expect(made === undefined ? "nothing was made" : hex.flawOf(made)).toBe(undefined)
  })
})

it("a checksummed token is its prefix, an underscore and 49 characters", () => {
  const made = checksummed.make(new Uint8Array(checksummed.randomByteCount).fill(7))
  expect(made).toMatch(/^tok_[0-9A-Za-z]{49}$/)
  expect(checksummed.length).toBe("tok".length + 1 + 49)
})

it("a hex token with the prefix tcp has 68 characters", () => {
  const made = hex.make(new Uint8Array(hex.randomByteCount).fill(0xa7))
  expect(made).toBe(`tcp_${"a7".repeat(32)}`)
  expect(made).toHaveLength(68)
  expect(hex.length).toBe(68)
})

it("too few random bytes are an error", () => {
  expect(checksummed.make(new Uint8Array(42))).toBe(undefined)
  expect(hex.make(new Uint8Array(31))).toBe(undefined)
})

describe("each flaw is named", () => {
  it.each([undefined, null, 1, true, {}, [], [plaintext], new String(plaintext), Symbol("tok"), () => plaintext])(
    "NotAString: case %#",
    (presented) => {
      expect(flawOfAll([checksummed, hex], presented)).toBe("NotAString")
    },
  )

  it.each([
    ["WrongPrefix", `TOK_${plaintext.slice(4)}`],
    ["WrongPrefix", `tokk${plaintext.slice(4)}`],
    ["WrongLength", ""],
    ["WrongLength", "tok_"],
    ["WrongLength", plaintext.slice(1)],
    ["WrongLength", `${plaintext}0`],
    ["WrongLength", ` ${plaintext}`],
    ["WrongLength", "a".repeat(1_000_000)],
    ["WrongCharacter", `${plaintext.slice(0, 10)}-${plaintext.slice(11)}`],
    ["WrongCharacter", `${plaintext.slice(0, 10)}é${plaintext.slice(11)}`],
    ["WrongCharacter", `${plaintext.slice(0, 10)}\u0130${plaintext.slice(11)}`],
    ["WrongCharacter", `${plaintext.slice(0, 10)}\0${plaintext.slice(11)}`],
    ["WrongCharacter", `${plaintext.slice(0, -1)}/`],
    ["WrongChecksum", `${plaintext.slice(0, 10)}1${plaintext.slice(11)}`],
    ["WrongChecksum", `${plaintext.slice(0, -6)}zzzzzz`],
  ])("%s: case %#", (flaw, presented) => {
    expect(flawOfAll([checksummed], presented)).toBe(flaw)
  })

  it("WrongChecksum: a checksum that overflows to the same 32 bits", () => {
    const random = plaintext.slice(4, -6)
    for (let bits = 1; bits <= 12; bits++) {
      expect(checksummed.flawOf(`tok_${random}${base62(plainCrc32(random) + bits * 2 ** 32)}`)).toBe("WrongChecksum")
    }
  })

  it.each([
    ["WrongPrefix", `tcq_${"a".repeat(64)}`],
    ["WrongLength", `tcp_${"a".repeat(63)}`],
    ["WrongLength", `tcp_${"a".repeat(64)}\n`],
    ["WrongCharacter", `tcp_${"A".repeat(64)}`],
    ["WrongCharacter", `tcp_${"a".repeat(63)}g`],
    ["WrongCharacter", `tcp_${"a".repeat(63)}\n`],
  ])("%s of a hex token: case %#", (flaw, presented) => {
    expect(flawOfAll([hex], presented)).toBe(flaw)
  })
})

describe("several formats", () => {
  const all = [checksummed, hex, TokenFormat.checksummed({ prefix: "old" })]

  it("are accepted at once", () => {
    for (const format of all) {
      const made = format.make(new Uint8Array(format.randomByteCount).fill(3))
      expect(flawOfAll(all, made)).toBe(undefined)
      expect(flawOfAll([], made)).toBe("WrongLength")
    }
  })

  it("report the flaw of the closest one", () => {
    expect(flawOfAll(all, `old_${plaintext.slice(4, -1)}x`)).toBe("WrongChecksum")
    expect(flawOfAll(all, `tcp_${"z".repeat(64)}`)).toBe("WrongCharacter")
    expect(flawOfAll(all, `xyz_${plaintext.slice(4)}`)).toBe("WrongPrefix")
  })
})

describe("a prefix", () => {
  it.each([
    "",
    "1a",
    "A",
    "tok_",
    "to-k",
    "tök",
    "a".repeat(21),
    "_tok",
    "to__k",
    "tok_a_",
    "tok\n",
    " tok",
    "tok token",
  ])("is not allowed: case %#", (prefix) => {
    expect(() => TokenFormat.checksummed({ prefix })).toThrow(/^The prefix .* is not valid\. Use 1 to 20/s)
    expect(() => TokenFormat.hex({ prefix })).toThrow(/^The prefix .* is not valid\. Use 1 to 20/s)
  })

  it.each(["a", "tcp", "t0k", "acme_live", "sk_test", "a_1", "a".repeat(20)])("is allowed: %s", (prefix) => {
    expect(TokenFormat.checksummed({ prefix }).length).toBe(prefix.length + 50)
    expect(TokenFormat.hex({ prefix }).length).toBe(prefix.length + 65)
  })
})

/** CRC-32 bit by bit, as the standard describes it. */
const plainCrc32 = (text: string): number => {
  let crc = 0xffffffff
  for (const character of text) {
    crc ^= character.charCodeAt(0)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

const base62 = (value: number): string => {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  return Array.from({ length: 6 }, (_, index) => alphabet[Math.floor(value / 62 ** (5 - index)) % 62]).join("")
}
