/** Guards routes: admits requests with an accepted bearer token, and provides the caller. */
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import type { Caller } from "@tokenry/core/promise"
import { checkBearerOptions, type Denial, Guard, type GuardOptions } from "@tokenry/http"
import {
  addVary,
  guardedRequestOf,
  type Middleware,
  type NodeRequest,
  type NodeResponse,
  printError,
  setHeaders,
  writeAnswer,
} from "./NodeMessages.ts"

export interface BearerOptions<
  S extends string = string,
  Req extends NodeRequest = NodeRequest,
  Res extends NodeResponse = NodeResponse,
> extends GuardOptions<S> {
  /**
   * Renders a denial in your own format, instead of problem details. Status and headers, the challenge included, are set
   * already: send the body. `denial.reason`, `title`, `detail` and `scopes` say what happened. Or throw, and the error
   * handlers get your error.
   */
  readonly onDenied?: ((req: Req, res: Res, denial: Denial) => void | Promise<void>) | undefined
  /** Receives what failed when a request is answered with 503. Default: `console.error`. */
  readonly onError?: ((error: unknown, req: NodeRequest) => void) | undefined
}

export interface Bearer<S extends string = string> extends Middleware {
  /**
   * Middleware for a route that requires all of these scopes: 403 with the challenge for a caller who lacks one. It
   * authenticates the request first if the guard hasn't yet, so a route can't be left open by mistake.
   *
   * @throws Error when made, if no scope is named, or one is not declared.
   */
  readonly requireScopes: (...scopes: ReadonlyArray<S>) => Middleware
  /**
   * For plain node:http, and anywhere without `next`: returns the caller, or `undefined` if the request was denied and
   * the response has been sent. Rejects for any failure other than an outage.
   */
  readonly admit: (req: NodeRequest, res: NodeResponse, scopes?: ReadonlyArray<S>) => Promise<Caller<S> | undefined>
}

/**
 * The guard of an application or of some of its routes. If the token is accepted, `req.caller` is the caller, and the next
 * middleware runs; if not, no later middleware does. Responses vary on Authorization either way.
 *
 *     const guard = bearer({ tokens, realm: "treasures" })
 *     app.use(guard)
 *     app.get("/treasures", guard.requireScopes("treasure:read"), (req, res) => { … })
 *
 * Costs one `verify` per request and doesn't touch the body. An unavailable store is 503, and is reported to `onError`;
 * any other error goes to the error handlers. Limits use `req.ip`, so behind proxies set `trust proxy`; without
 * Express they use the socket's address.
 *
 * @throws TypeError when made, naming the option, if one is unknown, missing or of the wrong type; Error if a value is not
 *   valid.
 */
export const bearer = <
  S extends string,
  Req extends NodeRequest = NodeRequest,
  Res extends NodeResponse = NodeResponse,
>(
  options: BearerOptions<S, Req, Res>,
): Bearer<S> => {
  checkBearerOptions(options, ownRules)
  const { onDenied, onError = printError, ...guardOptions } = options
  const guard = Guard.make(guardOptions)

  const deny = async (req: NodeRequest, res: NodeResponse, denial: Denial): Promise<undefined> => {
    if (denial.cause !== undefined) onError(denial.cause, req)
    if (onDenied === undefined) {
      writeAnswer(res, denial)
      return
    }
    const { "Content-Type": _, ...headers } = denial.headers
    res.statusCode = denial.status
    setHeaders(res, headers)
    // The application chose the types of its framework's request and response.
    await onDenied(req as Req, res as Res, denial)
  }

  const admit: Bearer<S>["admit"] = async (req: Admitted, res, scopes = []) => {
    const admitted = req[admittedBy]?.guard === guard ? (req[admittedBy].caller as Caller<S>) : undefined
    if (admitted !== undefined) {
      const denial = scopes.length === 0 ? undefined : guard.authorize(admitted, scopes)
      return denial === undefined ? admitted : deny(req, res, denial)
    }
    addVary(res, guard.vary)
    const admission = await guard.admit(guardedRequestOf(req), scopes)
    if (!admission.admitted) return deny(req, res, admission.denial)
    const { caller, headers } = admission
    setHeaders(res, headers)
    req.caller = caller
    req[admittedBy] = { guard, caller }
    return caller
  }

  const guarding = (scopes: ReadonlyArray<S>): Middleware =>
    async function bearer(req, res, next) {
      let caller: Caller<S> | undefined
      try {
        caller = await admit(req, res, scopes)
      } catch (error) {
        return next(error)
      }
      if (caller !== undefined) next()
    }

  return Object.assign(guarding([]), {
    admit,
    requireScopes: (...scopes: ReadonlyArray<S>) => {
      guard.assertRequirable("requireScopes", scopes)
      return guarding(scopes)
    },
  })
}

/**
 * The caller in a route behind a guard: `req.caller` without the `undefined`.
 *
 * @throws Error if no guard has admitted the request: a mistake in the application.
 */
export const callerOf = ({ caller }: Pick<NodeRequest, "caller">): Caller => {
  if (caller === undefined) throw new Error("callerOf: no guard has admitted this request; put bearer(…) before it")
  return caller
}

const ownRules: OptionRules<Pick<BearerOptions, "onDenied" | "onError">> = {
  onDenied: [isFunction, "write onDenied: (req, res, denial) => { res.json({ … }) }"],
  onError: [isFunction, "write onError: (error, req) => { … }"],
}

/** Which guard admitted the request; the same key in every copy of this package. */
const admittedBy = Symbol.for("@tokenry/express/admittedBy")

interface Admitted extends NodeRequest {
  [admittedBy]?: { readonly guard: unknown; readonly caller: Caller }
}

declare global {
  // Express' own way to extend its request. Without Express it declares an unused namespace.
  // oxlint-disable-next-line typescript/no-namespace
  namespace Express {
    interface Request {
      /** The caller, once a guard of `@tokenry/express` has admitted the request; see `callerOf`. */
      caller?: Caller | undefined
    }
  }
}
