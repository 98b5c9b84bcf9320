/** Requests and responses of Hono as `@tokenry/http` reads and writes them. */
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import { type GuardedRequest, guardedRequest, type HttpAnswer, type RateLimits, varyingOn } from "@tokenry/http"
import type { Context } from "hono"
import type { StatusCode } from "hono/utils/http-status"

/** The options every endpoint and guard here accepts. */
export interface Receiving {
  /**
   * The client's address: `(c) => getConnInfo(c).remote.address`, with the `getConnInfo` of your runtime. Needed for limits
   * on failed attempts. Behind a proxy, take it from a header the proxy sets.
   */
  readonly addressOf?: ((c: Context) => string | undefined) | undefined
  /** Receives what failed when a request is answered with 503. Default: `console.error`. */
  readonly onError?: ((error: unknown, c: Context) => void) | undefined
}

/**
 * `Headers` joins repeated lines with a comma, which makes them invalid.
 *
 * @throws Error if the limits need an address and `addressOf` is missing, since they would limit nothing.
 */
export const guardedRequestOf = ({ addressOf }: Receiving, limits: RateLimits | undefined) => {
  if (limits?.needsAddress === true && addressOf === undefined) {
    throw new Error("limits.failedPerAddress needs addressOf: (c) => getConnInfo(c).remote.address")
  }
  return (c: Context): GuardedRequest =>
    guardedRequest(
      c.req.method,
      () => c.req.url,
      (name) => {
        const value = c.req.raw.headers.get(name)
        return value === null ? none : [value]
      },
      () => addressOf?.(c),
    )
}

const none: ReadonlyArray<string> = []

/**
 * The response: its headers replace those of the same name, and its `Vary` is added to the current one. Other headers
 * set by earlier middleware stay.
 */
export const toResponse = (c: Context, { status, headers, body }: HttpAnswer): Response => {
  setHeaders(c, headers)
  // Hono answers HEAD without the body, but with its headers.
  c.header("Content-Length", String(new TextEncoder().encode(body).length))
  return c.newResponse(body, status as StatusCode)
}

export const setHeaders = (c: Context, headers: HttpAnswer["headers"]): void => {
  for (const [name, value] of Object.entries(headers)) {
    c.header(name, name === "Vary" ? varyingOn(value, c.res.headers.get("Vary")) : value)
  }
}

export const printError = (error: unknown): void => console.error(error)

export const receivingRules: OptionRules<Receiving> = {
  addressOf: [isFunction, "write addressOf: (c) => getConnInfo(c).remote.address"],
  onError: [isFunction, "write onError: (error, c) => { … }"],
}
