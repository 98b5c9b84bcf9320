/** OAuth's endpoints as Koa middleware: introspection, revocation, and the resource's metadata. */
import type { DurationOption } from "@tokenry/core"
import { checkOptions, type OptionRules } from "@tokenry/core/adapter"
import {
  bodyTimeoutMilliseconds,
  bodyTimeoutRule,
  checkIntrospectionOptions,
  checkRevocationOptions,
  Introspection,
  type IntrospectionOptions,
  type OAuthEndpoint,
  originFrom,
  ProtectedResourceMetadata,
  type ProtectedResourceOptions,
  readNodeForm,
  Revocation,
  type RevocationOptions,
} from "@tokenry/http"
import type { Middleware } from "koa"
import { guardedRequestOf } from "./guardedRequestOf.ts"
import { named } from "./named.ts"
import { reportToApp } from "./reportToApp.ts"
import { writeAnswer } from "./writeAnswer.ts"

/** The path of an endpoint, and how long it waits. */
export interface EndpointOptions {
  /** Exactly as in the request, below the mount point. `null`: any path, for use in a router's route. */
  readonly path?: string | null | undefined
  /** How long to wait for a body that no parser has read yet, at most 10 minutes. Default: 10 seconds. */
  readonly bodyTimeout?: DurationOption | undefined
}

export interface IntrospectionEndpointOptions<S extends string = string>
  extends EndpointOptions, IntrospectionOptions<S> {}

export interface RevocationEndpointOptions extends EndpointOptions, RevocationOptions {}

/**
 * Middleware that answers `POST /oauth/introspect`, or at another path, and passes everything else on (RFC 7662). The caller
 * authenticates with any accepted bearer token, before the body is read; a body parser may have read it already. Answers
 * are in OAuth's own format and `no-store`. An unavailable store is 503, and is reported as Koa's `error` event.
 *
 * @throws TypeError when made, naming the option, if one is unknown, missing or of the wrong type; RangeError if
 *   `bodyTimeout` is not between zero and 10 minutes.
 */
export const introspection = <S extends string>(
  options: IntrospectionEndpointOptions<S>,
): Middleware<unknown, unknown> => {
  checkIntrospectionOptions(options, endpointRules)
  const { path = "/oauth/introspect", bodyTimeout, ...rest } = options
  return named("introspection", endpointAt(path, bodyTimeout, Introspection.make(rest)))
}

/**
 * Middleware that answers `POST /oauth/revoke`, or at another path, and passes everything else on (RFC 7009). Holding the
 * token is the only authorization needed. The token's history records the client's address. Otherwise like
 * `introspection`.
 */
export const revocation = (options: RevocationEndpointOptions): Middleware<unknown, unknown> => {
  checkRevocationOptions(options, endpointRules)
  const { path = "/oauth/revoke", bodyTimeout, ...rest } = options
  return named("revocation", endpointAt(path, bodyTimeout, Revocation.make(rest)))
}

/**
 * Middleware that answers at `path` with another OAuth endpoint, such as `TokenExchange` of `@tokenry/jwt`. Otherwise like
 * `introspection`.
 */
export const oauthEndpoint = (
  endpoint: OAuthEndpoint,
  options: EndpointOptions & Pick<Required<EndpointOptions>, "path">,
): Middleware<unknown, unknown> => {
  checkOptions("oauthEndpoint", options, endpointRules, { required: ["path"] })
  return named("oauthEndpoint", endpointAt(options.path ?? null, options.bodyTimeout, endpoint))
}

/**
 * Middleware that answers GET and HEAD at the well-known place of the resource's metadata (RFC 9728), always at the top of
 * the host, and passes everything else on. Anyone may read it.
 *
 * @throws TypeError when made, naming the option, if one is unknown, missing or of the wrong type; Error if `resource` or
 *   `documentation` is not an absolute URL, or a scope is not a scope-token.
 */
export const protectedResourceMetadata = (options: ProtectedResourceOptions): Middleware<unknown, unknown> => {
  const { path, answerTo } = ProtectedResourceMetadata.make(options)
  return async function protectedResourceMetadata(ctx, next) {
    if (ctx.path !== path) return next()
    writeAnswer(ctx, answerTo(ctx.method))
  }
}

const endpointAt = (
  path: string | null,
  bodyTimeout: DurationOption | undefined,
  { answerTo }: OAuthEndpoint,
): Middleware<unknown, unknown> => {
  const timeoutMilliseconds = bodyTimeoutMilliseconds(bodyTimeout)
  return async (ctx, next) => {
    if (path !== null && ctx.path !== path) return next()
    const { answer, cause } = await answerTo({
      headerValues: guardedRequestOf(ctx).headerValues,
      method: ctx.method,
      target: ctx.originalUrl,
      address: ctx.ip,
      // No user agent: a client may have put the token into it.
      origin: originFrom(ctx.ip),
      readForm: () =>
        readNodeForm(ctx.req, {
          parsed: parsedBodyOf(ctx),
          timeoutMilliseconds,
          closeConnection: () => ctx.set("Connection", "close"),
        }),
    })
    if (cause !== undefined) reportToApp(cause, ctx)
    writeAnswer(ctx, answer)
  }
}

/** Body parsers leave the body in Koa's request or in Node's. Koa's types know neither. */
const parsedBodyOf = ({ request, req }: { readonly request: object; readonly req: object }): unknown =>
  bodyOf(request) ?? bodyOf(req)

const bodyOf = (request: object): unknown => ("body" in request ? request.body : undefined)

const endpointRules: OptionRules<EndpointOptions> = {
  path: [
    (value) => value === null || (typeof value === "string" && value.startsWith("/")),
    'write a path, as in path: "/oauth/revoke", or null',
  ],
  bodyTimeout: bodyTimeoutRule,
}
