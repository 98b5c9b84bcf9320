/** The standard OAuth endpoints: introspection, revocation and resource metadata. */
import { Router } from "@koa/router"
import { Route } from "@tokenry/http"
import { introspection, protectedResourceMetadata, revocation } from "@tokenry/koa"
import { revocableTokens } from "@tokenry/oidc-provider"
import type Provider from "oidc-provider"
import * as Schemas from "../api/schemas.ts"
import { anyone } from "../api/security.ts"
import type { DemoState } from "../http/authentication.ts"
import { protectionOf, resourceOf } from "../http/protection.ts"
import { exactPaths } from "../http/routing.ts"
import type { Services } from "../Services.ts"

const mediaType = "application/x-www-form-urlencoded"
const isNoForm = {
  description: "The body is not a form with exactly one token (RFC 6749 §5.2)",
  schema: Schemas.OAuthError,
}
const isAway = { description: "The store is unavailable", headers: { "Retry-After": "Seconds" } }

/** The scope that lets a token look up everyone's tokens. */
const scopeForAll = "token:introspect"

export const declaredOauth = {
  introspect: Route.declare({
    method: "POST",
    path: "/oauth/introspect",
    operationId: "introspectToken",
    summary: "Describes a token of the caller's owner, or anyone's with token:introspect (RFC 7662)",
    security: [
      { scheme: "bearer", scopes: [] },
      { scheme: "bearer", scopes: [scopeForAll] },
    ],
    body: { schema: Schemas.TokenForm, example: { token: "tcp_unknown" }, mediaType },
    answers: {
      200: {
        description: "The token's details; only active: false if it isn't active or the caller may not see it",
        schema: Schemas.Introspection,
      },
      400: isNoForm,
      401: { description: "The caller's own token is missing or not accepted", schema: Schemas.OAuthError },
      503: isAway,
    },
    hasOwnErrors: true,
  }),
  revoke: Route.declare({
    method: "POST",
    path: "/oauth/revoke",
    operationId: "revokePresentedToken",
    summary: "Revokes the token in the body (RFC 7009)",
    security: anyone,
    body: { schema: Schemas.TokenForm, example: { token: "tcp_unknown" }, mediaType },
    answers: { 200: { description: "The token is not accepted any more, or never was" }, 400: isNoForm, 503: isAway },
    hasOwnErrors: true,
  }),
  metadata: Route.declare({
    method: "GET",
    path: "/.well-known/oauth-protected-resource",
    operationId: "describeResource",
    summary: "Describes the service and how to authenticate (RFC 9728)",
    security: anyone,
    answers: { 200: { description: "The resource", schema: Schemas.ProtectedResource } },
  }),
}

export const oauthRoutes = (
  services: Services,
  scopes: ReadonlyArray<string>,
  provider: Provider,
): Router<DemoState> => {
  const { tokens, dpop } = services
  const router = new Router<DemoState>(exactPaths)
  const { introspect, revoke, metadata } = declaredOauth
  router.all(introspect.path, introspection({ tokens, dpop, ...protectionOf(services), scopeForAll, path: null }))
  router.all(
    revoke.path,
    services.rateLimits.ofRevocations,
    revocation({ tokens: revocableTokens(provider, tokens), path: null }),
  )
  router.all(metadata.path, protectedResourceMetadata({ ...resourceOf(services, scopes), dpop }))
  return router
}
