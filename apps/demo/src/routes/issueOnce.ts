/** Issues one token for each idempotency key, however often its request comes (draft-ietf-httpapi-idempotency-key-header-07). */
import { createHash } from "node:crypto"
import type { TokenDetails } from "@tokenry/core/promise"
import { isApiTokensError } from "@tokenry/core"
import type { HttpAnswer } from "@tokenry/http"
import { writeAnswer } from "@tokenry/koa"
import { problemsOf } from "../http/guard.ts"
import { idempotencyKeyOf } from "../http/requestFields.ts"
import type { DemoContext } from "../http/serve.ts"
import type { Services } from "../Services.ts"
import type { HeldKey } from "../store/Store.ts"

export interface Issued {
  readonly plaintext: string
  readonly token: TokenDetails
}

/** Where a token is found from now on. */
export const addressOf = (tokenId: string): string => `/api/tokens/${tokenId}`

/**
 * What is issued; or `undefined` if the request's key is not free, and so the request is answered here. Without a key it
 * issues each time. A key is its owner's, and holds for a day (§2.3).
 *
 * - The same request again is 409 `plaintext-gone` with the token's address. The draft would repeat the first answer
 *   (§2.6), but the plaintext is kept nowhere. A success without it would be honest to people only: a program that reads
 *   `plaintext` would store `null` in its place, and find out later.
 * - Another body, or the same by means of another token, is 422 `idempotency-key-reused` (§2.7).
 * - While the first request is at work, the second is 409 `idempotency-key-in-use`, and does not wait.
 *
 * The key is taken before anything is issued, and freed if nothing was. If the process dies in between, or the store does
 * not say what became of a token, the key stays in use until it is over: no second token is ever taken for the first. The
 * answer then leads to the list of tokens, where there may be one whose plaintext nobody has.
 */
export const issueOnce = async (
  ctx: DemoContext,
  services: Services,
  body: object,
  issue: () => Promise<Issued>,
): Promise<Issued | undefined> => {
  const key = idempotencyKeyOf(ctx)
  if (key === undefined) return issue()
  const { idempotencyKeys } = services.store
  const { ownedBy, via } = ctx.state.principal
  const keyHash = hashOf([ownedBy, key])
  const fingerprint = hashOf([via === "token" ? ctx.state.caller.tokenId : null, Object.entries(body).toSorted(byName)])
  const now = new Date()
  const held = await idempotencyKeys.take(keyHash, fingerprint, now, new Date(now.getTime() + keptForMilliseconds))
  if (held !== undefined) {
    writeAnswer(ctx, answerTo(held, fingerprint, services))
    return undefined
  }
  const tell = (error: unknown) => void ctx.app.emit("error", error, ctx)
  try {
    const issued = await issue()
    // If it can't be remembered, the plaintext is told nonetheless, and the key stays in use.
    await idempotencyKeys.settle(keyHash, issued.token.id).catch(tell)
    return issued
  } catch (error) {
    if (hasIssuedNothing(error)) await idempotencyKeys.release(keyHash).catch(tell)
    throw error
  }
}

/** The order in which a client names fields does not matter. */
const byName = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1

const keptForMilliseconds = 24 * 60 * 60 * 1000

const answerTo = ({ fingerprint, tokenId }: HeldKey, expected: string, services: Services): HttpAnswer => {
  const { idempotencyKeyReused, idempotencyKeyInUse, plaintextGone } = problemsOf(services)
  if (fingerprint !== expected) return idempotencyKeyReused
  return tokenId === undefined ? idempotencyKeyInUse("/api/tokens") : plaintextGone(addressOf(tokenId))
}

/** All that fails before the token is written, or by its being refused. What became of a write that failed is not known. */
const hasIssuedNothing = (error: unknown): boolean =>
  isApiTokensError(error) && (error._tag !== "RepositoryUnavailable" || error.operation !== "insert")

/** No key and no body is kept itself, since a client may have put a secret there. */
const hashOf = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url")
