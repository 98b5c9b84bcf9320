/** Guards routes: admits requests with an accepted bearer token, and provides the caller. */
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import type { Caller } from "@tokenry/core/promise"
import { checkBearerOptions, type Denial, type Denials, Guard, type GuardOptions } from "@tokenry/http"
import type { Context, Middleware, ParameterizedContext } from "koa"
import { guardedRequestOf } from "./guardedRequestOf.ts"
import { named } from "./named.ts"
import { reportToApp } from "./reportToApp.ts"
import { addVary, setHeadersOf, writeAnswer } from "./writeAnswer.ts"

export interface BearerOptions<S extends string = string> extends GuardOptions<S> {
  /**
   * Renders a denial in your own format, instead of problem details. Status and headers, the challenge included, are set
   * already: set `ctx.body`. `denial.reason`, `title`, `detail` and `scopes` say what happened. Or throw, and your error
   * handler takes over.
   */
  readonly onDenied?: ((ctx: Context, denial: Denial) => void | Promise<void>) | undefined
}

/** What the guard adds to `ctx.state`. */
export interface CallerState<S extends string = string> {
  caller: Caller<S>
}

type Guarding<S extends string> = Middleware<CallerState<S>, unknown>

/** The middleware, and the one for routes that require scopes. */
export interface Bearer<S extends string = string> extends Guarding<S> {
  /**
   * Middleware for a route that requires all of these scopes: 403 with the challenge for a caller who lacks one. It
   * authenticates the request first if the guard hasn't yet, so a route can't be left open by mistake.
   *
   * @throws Error when made, if no scope is named, or one is not declared.
   */
  readonly requireScopes: (...scopes: ReadonlyArray<S>) => Guarding<S>
  /** The denials, for decisions of your own: `writeAnswer(ctx, guard.denials.insufficientScope(["treasure:read"]))`. */
  readonly denials: Denials
}

/**
 * The guard of an application or of some of its routes. If the token is accepted, `ctx.state.caller` is the caller, and the
 * next middleware runs; if not, no later middleware does. Responses vary on Authorization either way.
 *
 *     const guard = bearer({ tokens, realm: "treasures" })
 *     app.use(guard)
 *     router.get("/treasures", guard.requireScopes("treasure:read"), (ctx) => { … })
 *
 * Costs one `verify` per request. An unavailable store is 503, and is reported as Koa's `error` event; any other
 * failure is thrown. Limits use `ctx.ip`: behind proxies set `app.proxy`, and `app.maxIpsCount` to their number.
 *
 * @throws TypeError when made, naming the option, if one is unknown, missing or of the wrong type; Error if a value is not
 *   valid.
 */
export const bearer = <S extends string>(options: BearerOptions<S>): Bearer<S> => {
  checkBearerOptions(options, ownRules)
  const { onDenied, ...guardOptions } = options
  const guard = Guard.make(guardOptions)

  const deny = async (ctx: ParameterizedContext, denial: Denial): Promise<void> => {
    if (denial.cause !== undefined) reportToApp(denial.cause, ctx)
    if (onDenied === undefined) return writeAnswer(ctx, denial)
    ctx.status = denial.status
    const { "Content-Type": _, ...headers } = denial.headers
    setHeadersOf(ctx, headers)
    await onDenied(ctx, denial)
  }

  const guarding =
    (scopes: ReadonlyArray<S>): Guarding<S> =>
    async (ctx, next) => {
      const isAdmitted = (ctx.state as Admitted)[admittedBy] === guard
      if (!isAdmitted) {
        addVary(ctx, guard.vary)
        const admission = await guard.admit(guardedRequestOf(ctx), scopes)
        if (!admission.admitted) return deny(ctx, admission.denial)
        ctx.set(admission.headers)
        ctx.state.caller = admission.caller
        ;(ctx.state as Admitted)[admittedBy] = guard
      } else if (scopes.length > 0) {
        const denial = guard.authorize(ctx.state.caller, scopes)
        if (denial !== undefined) return deny(ctx, denial)
      }
      return next()
    }

  return Object.assign(named("bearer", guarding([])), {
    denials: guard.denials,
    requireScopes: (...scopes: ReadonlyArray<S>) => {
      guard.assertRequirable("requireScopes", scopes)
      return named("requireScopes", guarding(scopes))
    },
  })
}

const ownRules: OptionRules<Pick<BearerOptions, "onDenied">> = {
  onDenied: [isFunction, "write onDenied: (ctx, denial) => { ctx.body = { … } }"],
}

/** Which guard admitted the request; the same key in every copy of this package. */
const admittedBy = Symbol.for("@tokenry/koa/admittedBy")

interface Admitted {
  [admittedBy]?: unknown
}
