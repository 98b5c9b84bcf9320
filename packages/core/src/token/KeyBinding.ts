/** Sender-constrained tokens: the key that a client must prove to have besides the token, as with DPoP (RFC 9449). */
import type * as Brand from "effect/Brand"

/** The SHA-256 thumbprint of a public key as a JWK (RFC 7638): 43 base64url characters. Not secret. */
export type KeyThumbprint = string & Brand.Brand<"KeyThumbprint">

/** The key a token is bound to. `first-key`: the first one that a client proves to have when it uses the token. */
export type KeyBinding = KeyThumbprint | "first-key"

/** The last of 43 characters holds four bits. */
const pattern = /^[\w-]{42}[AEIMQUYcgkosw048]$/

const isThumbprint = (value: unknown): value is KeyThumbprint => typeof value === "string" && pattern.test(value)

const is = (value: unknown): value is KeyBinding => value === "first-key" || isThumbprint(value)

export const KeyBinding = { is, isThumbprint } as const
