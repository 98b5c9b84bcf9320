/** Makes one plaintext for each idempotency key, whether a program chose the key or a form brought it. */
import { createHash } from "node:crypto"
import type { TokenDetails } from "@tokenry/core/promise"
import { isApiTokensError } from "@tokenry/core"
import type { Store } from "./store/Store.ts"

/** A token with the only sight of a plaintext. */
export interface Issued {
  readonly plaintext: string
  readonly token: TokenDetails
}

export interface OnceRequest {
  /** What makes the key unique, its owner included: hashed, since a client may have put a secret there. */
  readonly key: ReadonlyArray<string>
  /** What another request under this key must not differ in. Hashed as well. */
  readonly fingerprint: unknown
}

/**
 * - `Made`: by this request.
 * - `MadeBefore`: an earlier request made this token.
 * - `InUse`: an earlier request is at work, or its outcome is unknown.
 * - `Reused`: the key came with another request before.
 */
export type Once =
  | { readonly _tag: "Made"; readonly issued: Issued }
  | { readonly _tag: "MadeBefore"; readonly tokenId: string }
  | { readonly _tag: "InUse" }
  | { readonly _tag: "Reused" }

/**
 * Calls `make` unless the key was taken within the last day. The key is taken first, and freed if nothing was made: after
 * a refusal, or an outage before the write. If the process dies in between, or the write's outcome is unknown, the key
 * stays in use, so that no second token is taken for the first.
 */
export const once = async (
  { idempotencyKeys }: Store,
  { key, fingerprint }: OnceRequest,
  make: () => Promise<Issued>,
  onError: (error: unknown) => void,
): Promise<Once> => {
  const keyHash = hashOf(key)
  const expected = hashOf(fingerprint)
  const now = new Date()
  const held = await idempotencyKeys.take(keyHash, expected, now, new Date(now.getTime() + keptMilliseconds))
  if (held !== undefined) {
    if (held.fingerprint !== expected) return { _tag: "Reused" }
    return held.tokenId === undefined ? { _tag: "InUse" } : { _tag: "MadeBefore", tokenId: held.tokenId }
  }
  try {
    const issued = await make()
    // The plaintext must be shown now or never, so a failure to remember it only leaves the key in use.
    await idempotencyKeys.settle(keyHash, issued.token.id).catch(onError)
    return { _tag: "Made", issued }
  } catch (error) {
    if (hasMadeNothing(error)) await idempotencyKeys.release(keyHash).catch(onError)
    throw error
  }
}

const keptMilliseconds = 24 * 60 * 60 * 1000

/** The writes of the token store that make a plaintext valid. */
const makingWrites: ReadonlyArray<string> = ["insert", "replace"]

/** Whether the error says that no plaintext became valid. After a defect, or an outage in a write, nobody knows. */
const hasMadeNothing = (error: unknown): boolean =>
  isApiTokensError(error) && (error._tag !== "RepositoryUnavailable" || !makingWrites.includes(error.operation))

const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url")
