/** Guards routes: admits requests with an accepted bearer token, and provides the caller. */
import { isFunction, type OptionRules } from "@tokenry/core/adapter"
import type { Caller } from "@tokenry/core/promise"
import { checkBearerOptions, type Denial, Guard, type GuardOptions } from "@tokenry/http"
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from "fastify"
import { fastifyPlugin } from "fastify-plugin"
import { addVary, guardedRequestOf, setHeaders, writeAnswer } from "./messages.ts"

export interface BearerOptions<S extends string = string> extends GuardOptions<S> {
  /**
   * Renders a denial in your own format, instead of problem details. Status and headers, the challenge included, are set
   * already: send the body, or return it. `denial.reason`, `title`, `detail` and `scopes` say what happened. Or throw, and
   * the error handler gets your error.
   */
  readonly onDenied?: ((request: FastifyRequest, reply: FastifyReply, denial: Denial) => unknown) | undefined
}

/** What `requireScopes` adds to the options of a route. */
export interface ScopedRoute<S extends string = string> {
  readonly config: { readonly scopes: ReadonlyArray<S> }
  readonly onRequest: onRequestAsyncHookHandler
}

/** The plugin, and the option for routes that require scopes. */
export interface Bearer<S extends string = string> extends FastifyPluginAsync {
  /**
   * Options for a route that requires all of these scopes: 403 with the challenge for a caller who lacks one. It
   * authenticates the request first if the plugin hasn't, so a route can't be left open by mistake.
   *
   *     app.get("/treasures", guard.requireScopes("treasure:read"), (request) => …)
   *     app.post("/treasures", { ...guard.requireScopes("treasure:create"), schema }, (request) => …)
   *
   * @throws Error when made, if no scope is named, or one is not declared.
   */
  readonly requireScopes: (...scopes: ReadonlyArray<S>) => ScopedRoute<S>
}

/**
 * The guard of every route in the context it is registered in, and in those below. If the token is accepted,
 * `request.caller` is the caller; if not, no later hook and no handler runs. Responses vary on Authorization either way.
 *
 *     const guard = bearer({ tokens, realm: "treasures" })
 *     await app.register(guard)
 *     app.get("/treasures", guard.requireScopes("treasure:read"), (request) => request.caller.ownedBy)
 *
 * A route may also say `config: { scopes: ["treasure:read"] }`; an undeclared scope throws when the route is registered.
 * With `config: { scopes: false }` it needs no token.
 *
 * Costs one `verify` per request, before the body is read. An unavailable store is 503, and is logged as an error with
 * `request.log`; any other error goes to the error handler. Limits use `request.ip`: behind proxies set
 * `trustProxy`.
 *
 * @throws TypeError when made, naming the option, if one is unknown, missing or of the wrong type; Error if a value is not
 *   valid.
 */
export const bearer = <S extends string>(options: BearerOptions<S>): Bearer<S> => {
  checkBearerOptions(options, ownRules)
  const { onDenied, ...guardOptions } = options
  const guard = Guard.make(guardOptions)

  const deny = async (request: FastifyRequest, reply: FastifyReply, denial: Denial): Promise<FastifyReply> => {
    if (denial.cause !== undefined) request.log.error({ err: denial.cause }, "Tokens can't be verified")
    if (onDenied === undefined) return writeAnswer(reply, denial)
    const { "Content-Type": _, ...headers } = denial.headers
    setHeaders(reply.code(denial.status), headers)
    const payload = await onDenied(request, reply, denial)
    return reply.sent ? reply : reply.send(payload)
  }

  /**
   * `scopes` must be the same array the route requires, so that the plugin's hook and the route's own check it only
   * once.
   */
  const admit = async (request: Admitted, reply: FastifyReply, scopes: ReadonlyArray<S>) => {
    const admitted = request[admittedBy]
    if (admitted?.guard !== guard) {
      addVary(reply, guard.vary)
      const admission = await guard.admit(guardedRequestOf(request), scopes)
      if (!admission.admitted) return deny(request, reply, admission.denial)
      setHeaders(reply, admission.headers)
      request[admittedBy] = { guard, caller: admission.caller, scopes }
    } else if (scopes.length > 0 && admitted.scopes !== scopes) {
      const denial = guard.authorize(admitted.caller, scopes)
      if (denial !== undefined) return deny(request, reply, denial)
    }
    return undefined
  }

  const checked = new WeakSet<object>()
  /** Runs once per route: on registration, or on its first request if it was registered before the plugin. */
  const assertScopes = (route: string, scopes: unknown): void => {
    if (scopes === undefined || scopes === false) return
    if (!Array.isArray(scopes)) throw new TypeError(`${route}: config.scopes must be an array, as in ["treasure:read"]`)
    if (checked.has(scopes)) return
    guard.assertRequirable(`${route}: config.scopes`, scopes)
    checked.add(scopes)
  }

  const plugin: FastifyPluginAsync = async (app) => {
    if (!app.hasRequestDecorator("caller")) {
      app.decorateRequest("caller", {
        getter(this: Admitted) {
          return callerOf(this)
        },
      })
    }
    app.addHook("onRoute", ({ method, url, config }) => {
      assertScopes(`${[method].flat().join(", ")} ${url}`, config?.scopes)
    })
    app.addHook("onRequest", async (request, reply) => {
      const { config, method, url } = request.routeOptions
      if (config.scopes === false) return undefined
      assertScopes(`${[method].flat().join(", ")} ${url}`, config.scopes)
      return admit(request, reply, (config.scopes ?? noScopes) as ReadonlyArray<S>)
    })
  }

  return Object.assign(fastifyPlugin(plugin, { name: "@tokenry/fastify", fastify: "5.x" }), {
    requireScopes: (...scopes: ReadonlyArray<S>): ScopedRoute<S> => {
      guard.assertRequirable("requireScopes", scopes)
      return { config: { scopes }, onRequest: async (request, reply) => admit(request, reply, scopes) }
    },
  })
}

const callerOf = (request: Admitted): Caller => {
  const admitted = request[admittedBy]
  if (admitted !== undefined) return admitted.caller
  throw new Error("request.caller: no guard has admitted this request; register bearer(…) for this route")
}

const noScopes: ReadonlyArray<never> = []

const ownRules: OptionRules<Pick<BearerOptions, "onDenied">> = {
  onDenied: [isFunction, "write onDenied: (request, reply, denial) => reply.send({ … })"],
}

/** Which guard admitted the request; the same key in every copy of this package. */
const admittedBy = Symbol.for("@tokenry/fastify/admittedBy")

interface Admitted extends FastifyRequest {
  [admittedBy]?: { readonly guard: unknown; readonly caller: Caller; readonly scopes: ReadonlyArray<string> }
}

declare module "fastify" {
  interface FastifyRequest {
    /** The caller. Throws if no guard of `@tokenry/fastify` has admitted the request. */
    readonly caller: Caller
  }
  interface FastifyContextConfig {
    /** The scopes a caller needs, all of them; checked when the route is registered. `false`: the route needs no token. */
    readonly scopes?: ReadonlyArray<string> | false
  }
}
