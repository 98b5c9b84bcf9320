/**
 * Guards handlers from `Request` to `Response`: admits requests with an accepted bearer token, and provides the caller.
 */
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import type { Caller } from "@tokenry/core/promise"
import { checkBearerOptions, type Denial, Guard, type GuardOptions } from "@tokenry/http"
import { guardedRequestOf, type Receiving, receivingRules } from "./guardedRequestOf.ts"
import { reportTo } from "./reportTo.ts"
import { toResponse } from "./toResponse.ts"
import { withHeaders } from "./withHeaders.ts"

export interface BearerOptions<S extends string = string> extends GuardOptions<S>, Receiving {
  /**
   * Renders a denial in your own format, instead of problem details: its status and headers, the challenge included, are
   * set on whatever you return. `denial.reason`, `title`, `detail` and `scopes` say what happened.
   */
  readonly onDenied?: ((request: Request, denial: Denial) => Response | Promise<Response>) | undefined
}

/** An admitted request. */
export interface Passage<S extends string = string> {
  readonly caller: Caller<S>
  /** Adds what caches and clients need to the response: `Vary: Authorization`, and the limits' header fields. */
  readonly finish: (response: Response) => Response
}

/**
 * Handles an authenticated request. `rest` is what the runtime or framework adds, such as Next.js' route context or
 * Workers' `env`.
 */
export type ProtectedHandler<S extends string, In extends Request, Rest extends ReadonlyArray<unknown>> = (
  request: In,
  caller: Caller<S>,
  ...rest: Rest
) => Response | Promise<Response>

/** Wraps a handler so that only authenticated callers reach it. */
export type Protect<S extends string> = <In extends Request, Rest extends ReadonlyArray<unknown>>(
  handler: ProtectedHandler<S, In, Rest>,
) => (request: In, ...rest: Rest) => Promise<Response>

export interface Bearer<S extends string = string> {
  /** Admits every accepted token. */
  readonly protect: Protect<S>
  /**
   * Admits callers who have all of these scopes: `guard.requireScopes("treasure:read")(handler)`.
   *
   * @throws Error when made, if no scope is named, or one is not declared.
   */
  readonly requireScopes: (...scopes: ReadonlyArray<S>) => Protect<S>
  /**
   * For frameworks with their own middleware: returns the caller, or the complete response that denies the request.
   * `rest` goes to `addressOf`. Rejects if verifying fails for any reason other than an outage.
   */
  readonly authenticate: (
    request: Request,
    scopes?: ReadonlyArray<S>,
    ...rest: ReadonlyArray<unknown>
  ) => Promise<Passage<S> | Response>
  /** Checks an admitted caller's scopes: returns `undefined`, or the complete response that denies the request. */
  readonly authorize: (request: Request, caller: Caller, scopes: ReadonlyArray<S>) => Promise<Response | undefined>
}

/**
 * Makes the guard of an API. Costs one `verify` per request and doesn't touch the body. An unavailable store is 503, and is
 * reported to `onError`.
 *
 *     const guard = bearer({ tokens, realm: "treasures" })
 *     export const GET = guard.requireScopes("treasure:read")((request, caller) => Response.json(caller.ownedBy))
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type; Error if a value is not valid, or
 *   if the limits need an address and `addressOf` is missing.
 */
export const bearer = <S extends string>(options: BearerOptions<S>): Bearer<S> => {
  checkBearerOptions(options, ownRules)
  const { onDenied, onError, addressOf, ...guardOptions } = options
  const requestOf = guardedRequestOf({ addressOf }, options.limits)
  const report = reportTo(onError)
  const guard = Guard.make(guardOptions)

  const deny = async (request: Request, denial: Denial): Promise<Response> => {
    if (denial.cause !== undefined) await report(denial.cause, { request })
    if (onDenied === undefined) return toResponse(denial)
    const { "Content-Type": _, ...headers } = denial.headers
    const rendered = await onDenied(request, denial)
    return withHeaders(new Response(rendered.body, { status: denial.status, headers: rendered.headers }), headers)
  }

  const authenticate: Bearer<S>["authenticate"] = async (request, scopes = [], ...rest) => {
    const admission = await guard.admit(requestOf(request, ...rest), scopes)
    if (!admission.admitted) return deny(request, admission.denial)
    const { caller, headers } = admission
    return { caller, finish: (response) => withHeaders(response, { ...headers, Vary: guard.vary }) }
  }

  const protecting =
    (scopes: ReadonlyArray<S>): Protect<S> =>
    (handler) =>
    async (request, ...rest) => {
      const passage = await authenticate(request, scopes, ...rest)
      if (passage instanceof Response) return passage
      return passage.finish(await handler(request, passage.caller, ...rest))
    }

  return {
    authenticate,
    authorize: async (request, caller, scopes) => {
      const denial = guard.authorize(caller, scopes)
      return denial === undefined ? undefined : deny(request, denial)
    },
    protect: protecting([]),
    requireScopes: (...scopes) => {
      guard.assertRequirable("requireScopes", scopes)
      return protecting(scopes)
    },
  }
}

const ownRules: OptionRules<Receiving & Pick<BearerOptions, "onDenied">> = {
  ...receivingRules,
  onDenied: [isFunction, "write onDenied: (request, denial) => Response.json({ … })"],
}
