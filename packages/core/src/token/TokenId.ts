/** A token's public id: a UUIDv7 (RFC 9562 §5.7), which sorts by time of issue and isn't secret. */
import type * as Brand from "effect/Brand"
import type * as DateTime from "effect/DateTime"

export type TokenId = string & Brand.Brand<"TokenId">

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const is = (value: unknown): value is TokenId => typeof value === "string" && pattern.test(value)

/** How many random bytes `make` needs. */
const randomByteCount = 10

/** An id for a token issued at `now`: 48 bits of milliseconds, version and variant, 74 random bits. */
const make = (now: DateTime.Utc, random: Uint8Array): TokenId => {
  const milliseconds = now.epochMilliseconds.toString(16).padStart(12, "0")
  let digits = ""
  for (let index = 0; index < randomByteCount; index++) digits += hexOf[random[index] as number] as string
  const variant = (8 + (parseInt(digits.charAt(3), 16) & 3)).toString(16)
  const [high, low] = [milliseconds.slice(0, 8), milliseconds.slice(8)]
  return `${high}-${low}-7${digits.slice(0, 3)}-${variant}${digits.slice(4, 7)}-${digits.slice(7, 19)}` as TokenId
}

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

export const TokenId = { is, make, randomByteCount } as const
