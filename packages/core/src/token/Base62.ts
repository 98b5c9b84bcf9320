/** Base62 (`0-9A-Za-z`), the alphabet of checksummed tokens. */
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/**
 * `length` uniformly distributed characters from random bytes, or `undefined` if the bytes do not suffice.
 *
 * By rejection, never by modulo: of the 256 byte values 248 are used, four for each character. The eight that are
 * rejected lie in the middle (124 to 131), so that a stuck source, all 0x00 or all 0xFF, still ends.
 */
export const randomCharacters = (random: Uint8Array, length: number): string | undefined => {
  const codes: Array<number> = []
  for (const byte of random) {
    const code = codeOfByte[byte] as number
    if (code !== rejected) codes.push(code)
    if (codes.length === length) return String.fromCharCode(...codes)
  }
  return undefined
}

/** A non-negative integer, most significant digit first, left-padded with `0` to `length`. */
export const encodeInteger = (value: number, length: number): string => {
  let digits = ""
  for (let rest = value; digits.length < length; rest = Math.floor(rest / 62)) digits = alphabet[rest % 62] + digits
  return digits
}

/** The value of the UTF-16 code unit as a digit, 0 to 61; -1 if it isn't one. */
export const digitOf = (code: number): number => (code < 128 ? (digits[code] as number) : -1)

const rejected = 0

/** The code unit of the character that a random byte becomes. */
const codeOfByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 124 && byte < 132 ? rejected : alphabet.charCodeAt((byte < 124 ? byte : byte - 8) % 62),
)

const digits = Int8Array.from({ length: 128 }, (_, code) => alphabet.indexOf(String.fromCharCode(code)))
