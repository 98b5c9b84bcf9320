/** OAuth's endpoints as Fastify plugins: introspection, revocation, and the resource's metadata. */
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
import type { FastifyPluginAsync } from "fastify"
import { guardedRequestOf, writeAnswer } from "./messages.ts"

/** The path of an endpoint, and how long it waits. */
export interface EndpointOptions {
  /** Relative to the plugin's prefix. */
  readonly path?: string | undefined
  /** How long to wait for the body, at most 10 minutes. Default: 10 seconds. */
  readonly bodyTimeout?: DurationOption | undefined
}

export interface IntrospectionEndpointOptions<S extends string = string>
  extends EndpointOptions, IntrospectionOptions<S> {}

export interface RevocationEndpointOptions extends EndpointOptions, RevocationOptions {}

/**
 * A plugin that answers `POST /oauth/introspect`, or at another path (RFC 7662). The caller authenticates with any accepted
 * bearer token, before the body is read. Answers are in OAuth's own format and `no-store`. An unavailable store is 503,
 * and is logged as an error.
 *
 * @throws TypeError when made, naming the option, if one is unknown, missing or of the wrong type; RangeError if
 *   `bodyTimeout` is not between zero and 10 minutes.
 */
export const introspection = <S extends string>(options: IntrospectionEndpointOptions<S>): FastifyPluginAsync => {
  checkIntrospectionOptions(options, endpointRules)
  const { path = "/oauth/introspect", bodyTimeout, ...rest } = options
  return endpointAt(path, bodyTimeout, Introspection.make(rest))
}

/**
 * A plugin that answers `POST /oauth/revoke`, or at another path (RFC 7009). Holding the token is the only authorization
 * needed, whatever guard is around it. The token's history records the client's address. Otherwise like `introspection`.
 */
export const revocation = (options: RevocationEndpointOptions): FastifyPluginAsync => {
  checkRevocationOptions(options, endpointRules)
  const { path = "/oauth/revoke", bodyTimeout, ...rest } = options
  return endpointAt(path, bodyTimeout, Revocation.make(rest))
}

/** The plugin for another OAuth endpoint, such as `TokenExchange` of `@tokenry/jwt`. Otherwise like `introspection`. */
export const oauthEndpoint = (
  endpoint: OAuthEndpoint,
  options: EndpointOptions & { readonly path: string },
): FastifyPluginAsync => {
  checkOptions("oauthEndpoint", options, endpointRules, { required: ["path"] })
  return endpointAt(options.path, options.bodyTimeout, endpoint)
}

/**
 * A plugin that answers GET and HEAD at the well-known place of the resource's metadata (RFC 9728), always at the top of
 * the host. Anyone may read it. Register it without a prefix.
 *
 * @throws Error when made, if `resource` or `documentation` is not an absolute URL, or a scope is not a scope-token.
 */
export const protectedResourceMetadata = (options: ProtectedResourceOptions): FastifyPluginAsync => {
  const { path, answerTo } = ProtectedResourceMetadata.make(options)
  return async (app) => {
    app.all(path, needsNoGuard, (request, reply) => writeAnswer(reply, answerTo(request.method)))
  }
}

/** The endpoints authenticate as their RFCs say. */
const needsNoGuard = { config: { scopes: false } } as const

const endpointAt = (
  path: string,
  bodyTimeout: DurationOption | undefined,
  { answerTo }: OAuthEndpoint,
): FastifyPluginAsync => {
  const timeoutMilliseconds = bodyTimeoutMilliseconds(bodyTimeout)
  return async (app) => {
    // The body stays unread until the caller has been authenticated.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined))
    app.all(path, needsNoGuard, async (request, reply) => {
      const { answer, cause } = await answerTo({
        headerValues: guardedRequestOf(request).headerValues,
        address: request.ip,
        target: request.originalUrl,
        method: request.method,
        // No user agent: a client may have put the token into it.
        origin: originFrom(request.ip),
        readForm: () =>
          readNodeForm(request.raw, {
            parsed: request.body,
            timeoutMilliseconds,
            closeConnection: () => void reply.header("Connection", "close"),
          }),
      })
      if (cause !== undefined) request.log.error({ err: cause }, "Tokens can't be verified")
      return writeAnswer(reply, answer)
    })
  }
}

const endpointRules: OptionRules<EndpointOptions> = {
  path: [(value) => typeof value === "string" && value.startsWith("/"), 'write path: "/oauth/revoke"'],
  bodyTimeout: bodyTimeoutRule,
}
