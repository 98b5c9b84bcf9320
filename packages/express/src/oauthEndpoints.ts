/** OAuth's endpoints as middleware and for plain node:http: introspection, revocation, and the resource's metadata. */
import type { DurationOption } from "@tokenry/core"
import { checkOptions, isFunction, type OptionRules } from "@tokenry/core/adapter"
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
import {
  addressOf,
  guardedRequestOf,
  type Next,
  type NodeRequest,
  type NodeResponse,
  printError,
  writeAnswer,
} from "./NodeMessages.ts"

export interface EndpointOptions {
  /** How long to wait for a body that no parser has read yet, at most 10 minutes. Default: 10 seconds. */
  readonly bodyTimeout?: DurationOption | undefined
  /** Receives what failed when a request is answered with 503. Default: `console.error`. */
  readonly onError?: ((error: unknown, req: NodeRequest) => void) | undefined
}

export interface IntrospectionEndpointOptions<S extends string = string>
  extends EndpointOptions, IntrospectionOptions<S> {}

export interface RevocationEndpointOptions extends EndpointOptions, RevocationOptions {}

/** A handler that always answers; `next` receives any failure. Without it, the returned promise rejects. */
export type Endpoint = (req: NodeRequest, res: NodeResponse, next?: Next) => Promise<void>

/**
 * The endpoint of RFC 7662, to mount at its path: `app.all("/oauth/introspect", introspection({ tokens, realm }))`. The
 * caller authenticates with any accepted bearer token, before the body is read; a body parser may have read it already.
 * Answers are in OAuth's own format and `no-store`. An unavailable store is 503, and is reported to `onError`.
 *
 * @throws TypeError when made, naming the option, if one is unknown, missing or of the wrong type; RangeError if
 *   `bodyTimeout` is not between zero and 10 minutes.
 */
export const introspection = <S extends string>(options: IntrospectionEndpointOptions<S>): Endpoint => {
  checkIntrospectionOptions(options, endpointRules)
  const { bodyTimeout, onError, ...rest } = options
  return endpoint({ bodyTimeout, onError }, Introspection.make(rest))
}

/**
 * The endpoint of RFC 7009, to mount at its path. Holding the token is the only authorization needed. The token's history
 * records the client's address. Otherwise like `introspection`.
 */
export const revocation = (options: RevocationEndpointOptions): Endpoint => {
  checkRevocationOptions(options, endpointRules)
  const { bodyTimeout, onError, ...rest } = options
  return endpoint({ bodyTimeout, onError }, Revocation.make(rest))
}

/** The handler of another OAuth endpoint, such as `TokenExchange` of `@tokenry/jwt`. Otherwise like `introspection`. */
export const oauthEndpoint = (to: OAuthEndpoint, options: EndpointOptions = {}): Endpoint => {
  checkOptions("oauthEndpoint", options, endpointRules)
  return endpoint(options, to)
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
): { readonly path: string; readonly handler: (req: NodeRequest, res: NodeResponse) => void } => {
  const { path, answerTo } = ProtectedResourceMetadata.make(options)
  return { path, handler: ({ method = "" }, res) => writeAnswer(res, answerTo(method)) }
}

const endpoint = ({ onError = printError, bodyTimeout }: EndpointOptions, { answerTo }: OAuthEndpoint): Endpoint => {
  const timeoutMilliseconds = bodyTimeoutMilliseconds(bodyTimeout)
  const answer = async (req: NodeRequest, res: NodeResponse): Promise<void> => {
    const address = addressOf(req)
    const reply = await answerTo({
      headerValues: guardedRequestOf(req).headerValues,
      address,
      target: req.originalUrl ?? req.url,
      method: req.method ?? "",
      // No user agent: a client may have put the token into it.
      origin: originFrom(address),
      readForm: () =>
        readNodeForm(req, {
          parsed: req.body,
          timeoutMilliseconds,
          closeConnection: () => void res.setHeader("Connection", "close"),
        }),
    })
    if (reply.cause !== undefined) onError(reply.cause, req)
    writeAnswer(res, reply.answer)
  }
  return async (req, res, next) => {
    try {
      await answer(req, res)
    } catch (error) {
      if (next === undefined) throw error
      next(error)
    }
  }
}

const endpointRules: OptionRules<EndpointOptions> = {
  bodyTimeout: bodyTimeoutRule,
  onError: [isFunction, "write onError: (error, req) => { … }"],
}
