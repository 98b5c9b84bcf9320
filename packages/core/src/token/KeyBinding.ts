/** Sender-constrained tokens: besides the token, a client must prove it holds a key, as with DPoP (RFC 9449). */
import type * as Brand from "effect/Brand"

/** The SHA-256 thumbprint of a public key as a JWK (RFC 7638): 43 base64url characters. Not secret. */
export type KeyThumbprint = string & Brand.Brand<"KeyThumbprint">

/** The key a token is bound to. `first-key`: not bound yet; the first client that uses the token binds it to its key. */
export type KeyBinding = KeyThumbprint | "first-key"

/** The last of 43 characters holds four bits. */
const pattern = /^[\w-]{42}[AEIMQUYcgkosw048]$/

const isThumbprint = (value: unknown): value is KeyThumbprint => typeof value === "string" && pattern.test(value)

const is = (value: unknown): value is KeyBinding => value === "first-key" || isThumbprint(value)

/**
 * - `NoKey`: the token needs a key, and no proof came with it.
 * - `AnotherKey`: it is bound to a different key.
 * - `NotBound`: a key was proven for a bearer token (RFC 9449 §7.1).
 * - `NotYetBound`: a `first-key` token that this use hasn't bound yet.
 */
export type KeyFlaw = "NoKey" | "AnotherKey" | "NotBound" | "NotYetBound"

/** The one rule for keys: why a client with this proven key, or none, can't use the token. `undefined` if it can. */
const flawOf = (boundTo: KeyBinding | undefined, provenKey: string | undefined): KeyFlaw | undefined => {
  if (boundTo === undefined) return provenKey === undefined ? undefined : "NotBound"
  if (provenKey === undefined) return "NoKey"
  if (boundTo === "first-key") return "NotYetBound"
  return boundTo === provenKey ? undefined : "AnotherKey"
}

export const KeyBinding = { is, isThumbprint, flawOf } as const
