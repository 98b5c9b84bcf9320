/** What use cases read from a request once its shape has been checked. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { InvalidInput } from "../errors.ts"
import { type Attribution, unattributed } from "../token/Attribution.ts"
import { Instant } from "../token/Instant.ts"
import { Lifetime } from "../token/Lifetime.ts"
import { OwnerId } from "../token/OwnerId.ts"
import { TokenId } from "../token/TokenId.ts"
import type { RequestedExpiry } from "../token/TokenPolicy.ts"

/** The part of a caller that requests need. Pass the `Caller` that `verify` returned. */
export interface ActingCaller {
  readonly tokenId: string
  readonly generation: number
  readonly ownedBy: string
}

/** Whether the value identifies a calling token and its owner. */
export const isActingCaller = (value: unknown): value is ActingCaller =>
  typeof value === "object" &&
  value !== null &&
  "tokenId" in value &&
  TokenId.is(value.tokenId) &&
  "generation" in value &&
  Number.isSafeInteger(value.generation) &&
  "ownedBy" in value &&
  OwnerId.is(value.ownedBy)

/** A lifetime as text, or a finite, non-negative `Duration`. */
export const durationOf = (value: unknown): Duration.Duration | undefined => {
  if (typeof value === "string") return Lifetime.parse(value)
  return Duration.isDuration(value) && Duration.isFinite(value) && !Duration.isLessThan(value, Duration.zero)
    ? value
    : undefined
}

/** Who makes the change, for the history: the calling token, or the given attribution. */
export const attributionOf = ({
  by = unattributed,
  caller,
}: {
  readonly by?: Attribution | undefined
  readonly caller?: ActingCaller | undefined
}): Attribution => (caller === undefined ? by : { actor: { kind: "token", id: caller.tokenId }, origin: by.origin })

/** The expiry from a request's two fields. Only one of them may be set. */
export const requestedExpiry = ({
  expiresAt,
  expiresIn,
}: {
  readonly expiresAt?: string | Date | null | undefined
  readonly expiresIn?: string | Duration.Duration | undefined
}): Effect.Effect<RequestedExpiry, InvalidInput> => {
  if (expiresIn === undefined) {
    return Effect.succeed(
      typeof expiresAt === "string" ? Instant.parse(expiresAt) : expiresAt && DateTime.fromDateUnsafe(expiresAt),
    )
  }
  return expiresAt === undefined
    ? Effect.succeed(durationOf(expiresIn))
    : Effect.fail(
        new InvalidInput({ issues: [{ path: ["expiresIn"], message: "must not be given together with expiresAt" }] }),
      )
}
