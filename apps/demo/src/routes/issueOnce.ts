/**
 * Issues one token per `Idempotency-Key`, however often the request is sent
 * (draft-ietf-httpapi-idempotency-key-header-07).
 */
import { writeAnswer } from "@tokenry/koa"
import { problemsOf } from "../http/guard.ts"
import { idempotencyKeyOf } from "../http/requestFields.ts"
import type { DemoContext } from "../http/serve.ts"
import { type Issued, once } from "../idempotency.ts"
import type { Services } from "../Services.ts"

/** The path of a token. */
export const addressOf = (tokenId: string): string => `/api/tokens/${tokenId}`

/**
 * Returns the issued token, or `undefined` if the key is taken and the response is already set. Without a key it issues
 * a token each time. A key belongs to its owner and lasts for a day (§2.3).
 *
 * - The same request again is 409 `plaintext-gone` with the token's address. The draft would repeat the first response
 *   (§2.6), but the plaintext isn't kept anywhere, and a program that reads `plaintext` from a 201 without one would
 *   store `null` and find out later.
 * - Another body, or the same one with another token, is 422 `idempotency-key-reused` (§2.7).
 * - While the first request is in progress, or if its outcome is unknown, it is 409 `idempotency-key-in-use`, which
 *   refers to the list of tokens.
 */
export const issueOnce = async (
  ctx: DemoContext,
  services: Services,
  body: object,
  issue: () => Promise<Issued>,
): Promise<Issued | undefined> => {
  const key = idempotencyKeyOf(ctx)
  if (key === undefined) return issue()
  const { ownedBy, via } = ctx.state.principal
  const issuer = via === "token" ? ctx.state.caller.tokenId : null
  const fingerprint = [issuer, Object.entries(body).toSorted(byName)]
  const onError = (error: unknown) => void ctx.app.emit("error", error, ctx)
  const result = await once(services.store, { key: ["api", ownedBy, key], fingerprint }, issue, onError)
  const { idempotencyKeyReused, idempotencyKeyInUse, plaintextGone } = problemsOf(services)
  switch (result._tag) {
    case "Made":
      return result.issued
    case "MadeBefore":
      writeAnswer(ctx, plaintextGone(addressOf(result.tokenId)))
      return undefined
    case "InUse":
      writeAnswer(ctx, idempotencyKeyInUse("/api/tokens"))
      return undefined
    case "Reused":
      writeAnswer(ctx, idempotencyKeyReused)
      return undefined
  }
}

/** The order of a client's fields doesn't matter. */
const byName = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1
