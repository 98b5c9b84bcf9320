/** Guards routes: admits requests with an accepted bearer token, and provides the caller. */
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import type { Caller } from "@tokenry/core/promise"
import { checkBearerOptions, type Denial, Guard, type GuardOptions, varyingOn } from "@tokenry/http"
import type { Context, MiddlewareHandler } from "hono"
import { guardedRequestOf, printError, type Receiving, receivingRules, setHeaders, toResponse } from "./messages.ts"

export interface BearerOptions<S extends string = string> extends GuardOptions<S>, Receiving {
  /**
   * Renders a denial in your own format, instead of problem details: its status and headers, the challenge included, are
   * set on whatever you return. `denial.reason`, `title`, `detail` and `scopes` say what happened. Or throw, and
   * `app.onError` gets your error.
   */
  readonly onDenied?: ((c: Context, denial: Denial) => Response | Promise<Response>) | undefined
}

/** What the guard adds to the context: `c.get("caller")`, or `c.var.caller`. */
export interface CallerEnv<S extends string = string> {
  Variables: { caller: Caller<S> }
}

/** The middleware, and the one for routes that require scopes. */
export interface Bearer<S extends string = string> extends MiddlewareHandler<CallerEnv<S>> {
  /**
   * Middleware for a route that requires all of these scopes: 403 with the challenge for a caller who lacks one. It
   * authenticates the request first if the guard hasn't yet, so a route can't be left open by mistake.
   *
   * @throws Error when made, if no scope is named, or one is not declared.
   */
  readonly requireScopes: (...scopes: ReadonlyArray<S>) => MiddlewareHandler<CallerEnv<S>>
}

/**
 * The guard of an application or of some of its routes. If the token is accepted, `c.get("caller")` is the caller, and the
 * next handler runs; if not, no later handler does. Responses vary on Authorization either way.
 *
 *     const guard = bearer({ tokens, realm: "treasures" })
 *     app.get("/treasures", guard.requireScopes("treasure:read"), (c) => c.json(c.get("caller").ownedBy))
 *
 * Costs one `verify` per request and doesn't touch the body. An unavailable store is 503, and is reported to `onError`;
 * any other error goes to `app.onError`.
 *
 * @throws TypeError when made, naming the option, if one is unknown, missing or of the wrong type; Error if a value is not
 *   valid, or if the limits need an address and `addressOf` is missing.
 */
export const bearer = <S extends string>(options: BearerOptions<S>): Bearer<S> => {
  checkBearerOptions(options, ownRules)
  const { onDenied, onError = printError, addressOf, ...guardOptions } = options
  const requestOf = guardedRequestOf({ addressOf }, options.limits)
  const guard = Guard.make(guardOptions)

  const deny = async (c: Context, denial: Denial): Promise<Response> => {
    if (denial.cause !== undefined) onError(denial.cause, c)
    if (onDenied === undefined) return toResponse(c, denial)
    const { "Content-Type": _, ...headers } = denial.headers
    // Set before `onDenied`, for an error handler that answers what it throws, and after it, for a response made
    // without `c`.
    setHeaders(c, headers)
    const { body, headers: rendered } = await onDenied(c, denial)
    const response = new Response(body, { status: denial.status, headers: rendered })
    for (const [name, value] of Object.entries(headers)) {
      response.headers.set(name, name === "Vary" ? varyingOn(value, response.headers.get("Vary")) : value)
    }
    return response
  }

  const guarding = (scopes: ReadonlyArray<S>): MiddlewareHandler<CallerEnv<S>> =>
    async function bearer(c, next) {
      const context = c as Context & Admitted
      if (context[admittedBy] === guard) {
        const denial = scopes.length === 0 ? undefined : guard.authorize(c.get("caller"), scopes)
        return denial === undefined ? next() : deny(c, denial)
      }
      const admission = await guard.admit(requestOf(c), scopes)
      if (!admission.admitted) return deny(c, admission.denial)
      c.set("caller", admission.caller)
      context[admittedBy] = guard
      await next()
      // A response with status 101 and `Response.error()` can't be copied.
      if (c.res.status >= 200) setHeaders(c, { ...admission.headers, Vary: guard.vary })
    }

  return Object.assign(guarding([]), {
    requireScopes: (...scopes: ReadonlyArray<S>) => {
      guard.assertRequirable("requireScopes", scopes)
      return guarding(scopes)
    },
  })
}

const ownRules: OptionRules<Receiving & Pick<BearerOptions, "onDenied">> = {
  ...receivingRules,
  onDenied: [isFunction, "write onDenied: (c, denial) => c.json({ … })"],
}

/** Which guard admitted the request; the same key in every copy of this package. */
const admittedBy = Symbol.for("@tokenry/hono/admittedBy")

interface Admitted {
  [admittedBy]?: unknown
}
