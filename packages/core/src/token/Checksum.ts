/**
 * The checksum in a token: CRC-32 over its random characters, as six base62 characters. It lets a server, or a
 * scanner of leaked secrets, tell a mistyped string from a token without a look-up. It is no protection against
 * forgery, and needs to be none.
 *
 * The same as GitHub's: https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
 */
import { digitOf, encodeInteger } from "./Base62.ts"

/** How many characters a checksum has: 62^6 exceeds 2^32. */
export const checksumLength = 6

/** The checksum of base62 characters. */
export const checksumOf = (characters: string): string => {
  let crc = start
  for (let index = 0; index < characters.length; index++) crc = next(crc, characters.charCodeAt(index))
  return encodeInteger(end(crc), checksumLength)
}

/**
 * What is wrong with a text that from `from` on is to be base62 characters, the last six of them a checksum. One pass,
 * since this runs for each request before anything else.
 */
export const checksumFlawOf = (text: string, from: number): "WrongCharacter" | "WrongChecksum" | undefined => {
  const to = text.length - checksumLength
  let crc = start
  let stated = 0
  for (let index = from; index < text.length; index++) {
    const code = text.charCodeAt(index)
    const digit = digitOf(code)
    if (digit < 0) return "WrongCharacter"
    if (index < to) crc = next(crc, code)
    else stated = stated * 62 + digit
  }
  return stated === end(crc) ? undefined : "WrongChecksum"
}

/** CRC-32 as in IEEE 802.3: reflected, polynomial 0xEDB88320, initial value and final XOR 0xFFFFFFFF. */
const start = -1
const next = (crc: number, byte: number): number => (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number)
const end = (crc: number): number => ~crc >>> 0

/** Signed, because engines keep 32-bit integers unboxed only so. */
const table = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
