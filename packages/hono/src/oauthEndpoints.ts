/** OAuth's endpoints as Hono handlers: introspection, revocation, and the resource's metadata. */
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
  readRequestForm,
  Revocation,
  type RevocationOptions,
} from "@tokenry/http"
import type { Context } from "hono"
import { guardedRequestOf, printError, type Receiving, receivingRules, toResponse } from "./messages.ts"

export interface EndpointOptions extends Receiving {
  /** How long to wait for the body, at most 10 minutes. Default: 10 seconds. */
  readonly bodyTimeout?: DurationOption | undefined
}

export interface IntrospectionEndpointOptions<S extends string = string>
  extends EndpointOptions, IntrospectionOptions<S> {}

export interface RevocationEndpointOptions extends EndpointOptions, RevocationOptions {}

/** A handler to mount at the endpoint's path. */
export type Endpoint = (c: Context) => Promise<Response>

/**
 * The endpoint of RFC 7662: `app.all("/oauth/introspect", introspection({ tokens, realm }))`. The caller authenticates with
 * any accepted bearer token, before the body is read. Answers are in OAuth's own format and `no-store`; an unavailable
 * store is 503, and is reported to `onError`.
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type; RangeError if `bodyTimeout` is not
 *   between zero and 10 minutes.
 */
export const introspection = <S extends string>(options: IntrospectionEndpointOptions<S>): Endpoint => {
  checkIntrospectionOptions(options, endpointRules)
  const { addressOf, onError, bodyTimeout, ...rest } = options
  return endpoint({ addressOf, onError, bodyTimeout }, rest.limits, Introspection.make(rest))
}

/** The endpoint of RFC 7009. Holding the token is the only authorization needed. Otherwise like `introspection`. */
export const revocation = (options: RevocationEndpointOptions): Endpoint => {
  checkRevocationOptions(options, endpointRules)
  const { addressOf, onError, bodyTimeout, ...rest } = options
  return endpoint({ addressOf, onError, bodyTimeout }, rest.limits, Revocation.make(rest))
}

/** The handler of another OAuth endpoint, such as `TokenExchange` of `@tokenry/jwt`. Otherwise like `introspection`. */
export const oauthEndpoint = (to: OAuthEndpoint, options: EndpointOptions = {}): Endpoint => {
  checkOptions("oauthEndpoint", options, endpointRules)
  return endpoint(options, undefined, to)
}

/**
 * The resource's metadata (RFC 9728): the path it belongs at, at the top of the host, and the handler for GET and HEAD.
 *
 *     const { path, handler } = protectedResourceMetadata({ resource: "https://api.example.com", scopes })
 *     app.all(path, handler)
 *
 * @throws Error when made, if `resource` or `documentation` is not an absolute URL, or a scope is not a scope-token.
 */
export const protectedResourceMetadata = (
  options: ProtectedResourceOptions,
): { readonly path: string; readonly handler: (c: Context) => Response } => {
  const { path, answerTo } = ProtectedResourceMetadata.make(options)
  return { path, handler: (c) => toResponse(c, answerTo(c.req.method)) }
}

const endpoint = (
  options: EndpointOptions,
  limits: RevocationOptions["limits"],
  { answerTo }: OAuthEndpoint,
): Endpoint => {
  const { onError = printError } = options
  const requestOf = guardedRequestOf(options, limits)
  const timeoutMilliseconds = bodyTimeoutMilliseconds(options.bodyTimeout)
  return async (c) => {
    const { headerValues, address } = requestOf(c)
    const { answer, cause } = await answerTo({
      headerValues,
      address,
      target: c.req.url,
      method: c.req.method,
      // No user agent: a client may have put the token into it.
      origin: originFrom(address),
      readForm: () => readRequestForm(c.req.raw, timeoutMilliseconds),
    })
    if (cause !== undefined) onError(cause, c)
    return toResponse(c, answer)
  }
}

const endpointRules: OptionRules<EndpointOptions> = {
  ...receivingRules,
  bodyTimeout: bodyTimeoutRule,
}
