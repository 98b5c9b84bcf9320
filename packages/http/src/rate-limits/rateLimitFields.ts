/** Header fields that tell a client its limits (draft-ietf-httpapi-ratelimit-headers-10). */
import { type Item, serializeList } from "structured-headers"
import type { Consumption } from "./RateLimiter.ts"

/** The state of a limit, with its name in the header fields. */
export interface PolicyConsumption extends Consumption {
  /** The limit's name for clients: printable ASCII. */
  readonly policy: string
}

/**
 * `RateLimit-Policy: "default";q=100;w=60` (§3) and `RateLimit: "default";r=99;t=50` (§4), with one member per limit,
 * in order. No limits, no fields.
 *
 * @throws Error if a policy's name is not printable ASCII.
 */
export const rateLimitFields = (consumptions: ReadonlyArray<PolicyConsumption>): Readonly<Record<string, string>> => {
  if (consumptions.length === 0) return {}
  return {
    "RateLimit-Policy": serializeList(
      consumptions.map(({ policy, limit, windowSeconds }) => member(policy, { q: limit, w: windowSeconds })),
    ),
    RateLimit: serializeList(
      consumptions.map(({ policy, remaining, resetSeconds }) => member(policy, { r: remaining, t: resetSeconds })),
    ),
  }
}

/** A String with parameters (RFC 9651 §3.3). */
const member = (policy: string, parameters: Readonly<Record<string, number>>): Item => [
  policy,
  new Map(Object.entries(parameters)),
]
