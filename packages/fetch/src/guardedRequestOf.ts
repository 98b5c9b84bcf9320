/** A `Request` as `@tokenry/http` reads it. */
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import { type GuardedRequest, guardedRequest, type RateLimits } from "@tokenry/http"
import type { ErrorReporter } from "./reportTo.ts"

/** The options every endpoint and guard here accepts. */
export interface Receiving {
  /**
   * The client's address, which a `Request` doesn't have: `rest` is what your runtime passes besides it. Needed for limits on
   * failed attempts. Behind a proxy, take it from a header the proxy sets.
   */
  readonly addressOf?: ((request: Request, ...rest: ReadonlyArray<unknown>) => string | undefined) | undefined
  /** Receives what failed when a request is answered with 503. Default: `console.error`. */
  readonly onError?: ErrorReporter<{ readonly request: Request }> | undefined
}

/**
 * `Headers` joins repeated lines with a comma, which makes them invalid.
 *
 * @throws Error if the limits need an address and `addressOf` is missing, since they would limit nothing.
 */
export const guardedRequestOf = ({ addressOf }: Receiving, limits: RateLimits | undefined) => {
  if (limits?.needsAddress === true && addressOf === undefined) {
    throw new Error("limits.failedPerAddress needs addressOf: (request) => …, since a Request has no address")
  }
  return (request: Request, ...rest: ReadonlyArray<unknown>): GuardedRequest =>
    guardedRequest(
      request.method,
      () => request.url,
      (name) => {
        const value = request.headers.get(name)
        return value === null ? none : [value]
      },
      () => addressOf?.(request, ...rest),
    )
}

const none: ReadonlyArray<string> = []

export const receivingRules: OptionRules<Receiving> = {
  addressOf: [isFunction, 'write addressOf: (request) => request.headers.get("x-real-ip") ?? undefined'],
  onError: [isFunction, "write onError: (error, { request }) => { … }"],
}
