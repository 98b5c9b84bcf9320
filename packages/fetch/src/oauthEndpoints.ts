/** OAuth's endpoints as handlers from `Request` to `Response`: introspection, revocation, and the resource's metadata. */
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
import { guardedRequestOf, type Receiving, receivingRules } from "./guardedRequestOf.ts"
import { reportTo } from "./reportTo.ts"
import { toResponse } from "./toResponse.ts"

export interface EndpointOptions extends Receiving {
  /** How long to wait for the body, at most 10 minutes. Default: 10 seconds. */
  readonly bodyTimeout?: DurationOption | undefined
}

export interface IntrospectionEndpointOptions<S extends string = string>
  extends EndpointOptions, IntrospectionOptions<S> {}

export interface RevocationEndpointOptions extends EndpointOptions, RevocationOptions {}

/** A handler to mount at the endpoint's path; `rest` goes to `addressOf`. */
export type Endpoint = (request: Request, ...rest: ReadonlyArray<unknown>) => Promise<Response>

/**
 * The endpoint of RFC 7662. The caller authenticates with any accepted bearer token, before the body is read. Answers are in
 * OAuth's own format and `no-store`; an unavailable store is 503, and is reported to `onError`.
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type.
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

/** The resource's metadata (RFC 9728): the path to mount the handler at, and the handler for GET and HEAD. */
export const protectedResourceMetadata = (
  options: ProtectedResourceOptions,
): { readonly path: string; readonly handler: (request: Request) => Response } => {
  const { path, answerTo } = ProtectedResourceMetadata.make(options)
  return { path, handler: ({ method }) => toResponse(answerTo(method)) }
}

const endpoint = (
  options: EndpointOptions,
  limits: RevocationOptions["limits"],
  { answerTo }: OAuthEndpoint,
): Endpoint => {
  const requestOf = guardedRequestOf(options, limits)
  const report = reportTo(options.onError)
  const timeoutMilliseconds = bodyTimeoutMilliseconds(options.bodyTimeout)
  return async (request, ...rest) => {
    const guarded = requestOf(request, ...rest)
    const { address } = guarded
    const { answer, cause } = await answerTo({
      headerValues: guarded.headerValues,
      address,
      target: request.url,
      method: request.method,
      origin: originFrom(address),
      readForm: () => readRequestForm(request, timeoutMilliseconds),
    })
    if (cause !== undefined) await report(cause, { request })
    return toResponse(answer)
  }
}

const endpointRules: OptionRules<EndpointOptions> = {
  ...receivingRules,
  bodyTimeout: bodyTimeoutRule,
}
