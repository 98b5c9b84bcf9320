/**
 * The token checksum: CRC-32 over the random characters, as six base62 characters. Servers and secret scanners can
 * detect a mistyped token without a lookup. It doesn't protect against forgery and doesn't need to.
 *
 * The same algorithm as GitHub's: https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
 */
import { digitOf, encodeInteger } from "./Base62.ts"

/** The length of a checksum in characters: 62^6 exceeds 2^32. */
export const checksumLength = 6

/** The checksum of base62 characters. */
export const checksumOf = (characters: string): string =>
  encodeInteger(scan(characters, 0, characters.length).crc, checksumLength)

/** What is wrong with the text from `from` on, which must be base62 characters ending in a six-character checksum. */
export const checksumFlawOf = (text: string, from: number): "WrongCharacter" | "WrongChecksum" | undefined => {
  const to = text.length - checksumLength
  const { crc, areDigits } = scan(text, from, to)
  let stated = 0
  let digits = areDigits ? 0 : -1
  for (let index = to; index < text.length; index++) {
    const digit = digitOf(text.charCodeAt(index))
    digits |= digit
    stated = stated * 62 + digit
  }
  if (digits < 0) return "WrongCharacter"
  return stated === crc ? undefined : "WrongChecksum"
}

/**
 * CRC-32 (IEEE 802.3: reflected, polynomial 0xEDB88320, initial value and final XOR 0xFFFFFFFF) of ASCII characters,
 * and whether all of them are base62. One pass, since it runs first on every request. Taking four characters at a time
 * gains nothing, because most of the time goes into reading them from the string.
 */
const scan = (text: string, from: number, to: number): { readonly crc: number; readonly areDigits: boolean } => {
  let crc = -1
  let digits = 0
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index)
    digits |= digitOf(code)
    crc = (crc >>> 8) ^ (table[(crc ^ code) & 0xff] as number)
  }
  return { crc: ~crc >>> 0, areDigits: digits >= 0 }
}

/** Signed, because engines only keep signed 32-bit integers unboxed. */
const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
