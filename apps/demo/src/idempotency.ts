/** Creates one plaintext per idempotency key, whether a program chose the key or a form sent it. */
import { createHash } from "node:crypto"
import type { TokenDetails } from "@tokenry/core/promise"
import { isApiTokensError } from "@tokenry/core"
import type { Store } from "./store/Store.ts"

/** A token with the only copy of its plaintext. */
export interface Issued {
  readonly plaintext: string
  readonly token: TokenDetails
}

export interface OnceRequest {
  /** The parts that make the key unique, including its owner. Hashed, since a client may have put a secret there. */
  readonly key: ReadonlyArray<string>
  /** What must be equal in another request with this key. Hashed as well. */
  readonly fingerprint: unknown
}

/**
 * - `Made`: by this request.
 * - `MadeBefore`: an earlier request made this token.
 * - `InUse`: an earlier request is in progress, or its outcome is unknown.
 * - `Reused`: the key was used with a different request.
 */
export type Once =
  | { readonly _tag: "Made"; readonly issued: Issued }
  | { readonly _tag: "MadeBefore"; readonly tokenId: string }
  | { readonly _tag: "InUse" }
  | { readonly _tag: "Reused" }

/**
 * Calls `make` unless the key was used within the last day. Reserves the key first, and releases it if nothing was
 * made: after a refusal, or an outage before the write. If the process dies in between, or the write's outcome is
 * unknown, the key stays reserved, so that no second token is mistaken for the first.
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
    // This is the only chance to show the plaintext, so a failure here just leaves the key reserved.
    await idempotencyKeys.settle(keyHash, issued.token.id).catch(onError)
    return { _tag: "Made", issued }
  } catch (error) {
    if (hasMadeNothing(error)) await idempotencyKeys.release(keyHash).catch(onError)
    throw error
  }
}

const keptMilliseconds = 24 * 60 * 60 * 1000

/** The token store's writes that make a plaintext valid. */
const makingWrites: ReadonlyArray<string> = ["insert", "replace"]

/** Whether it is certain that no plaintext became valid. After a defect, or an outage during a write, it isn't. */
const hasMadeNothing = (error: unknown): boolean =>
  isApiTokensError(error) && (error._tag !== "RepositoryUnavailable" || !makingWrites.includes(error.operation))

const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url")
