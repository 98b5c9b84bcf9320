/** What OAuth's tools ask for: what a token stands for, its end, and what the service is. */
import { Router } from "@koa/router"
import { Route } from "@tokenry/http"
import { introspection, protectedResourceMetadata, revocation } from "@tokenry/koa"
import * as Schemas from "../api/schemas.ts"
import { anyone } from "../api/security.ts"
import type { DemoState } from "../http/authentication.ts"
import { protectionOf, resourceOf } from "../http/protection.ts"
import { exactPaths } from "../http/routing.ts"
import type { Services } from "../Services.ts"

const mediaType = "application/x-www-form-urlencoded"
const isNoForm = { description: "The body is no form with one token (RFC 6749 §5.2)", schema: Schemas.OAuthError }
const isAway = { description: "The store does not answer", headers: { "Retry-After": "Seconds" } }

/** Who may ask about everybody's tokens. */
const scopeForAll = "token:introspect"

export const declaredOauth = {
  introspect: Route.declare({
    method: "POST",
    path: "/oauth/introspect",
    operationId: "introspectToken",
    summary: "Says what a token stands for (RFC 7662): one's owner's, or with token:introspect anybody's",
    security: [
      { scheme: "bearer", scopes: [] },
      { scheme: "bearer", scopes: [scopeForAll] },
    ],
    body: { schema: Schemas.TokenForm, example: { token: "tcp_unknown" }, mediaType },
    answers: {
      200: {
        description: "What it stands for; only that it is not active, if it isn't, or is not for the caller to know",
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
    summary: "Ends the token that is presented (RFC 7009)",
    security: anyone,
    body: { schema: Schemas.TokenForm, example: { token: "tcp_unknown" }, mediaType },
    answers: { 200: { description: "It is revoked, or was none" }, 400: isNoForm, 503: isAway },
    hasOwnErrors: true,
  }),
  metadata: Route.declare({
    method: "GET",
    path: "/.well-known/oauth-protected-resource",
    operationId: "describeResource",
    summary: "Says what the service is, and how to call it (RFC 9728)",
    security: anyone,
    answers: { 200: { description: "The resource", schema: Schemas.ProtectedResource } },
  }),
}

export const oauthRoutes = (services: Services, scopes: ReadonlyArray<string>): Router<DemoState> => {
  const { tokens } = services
  const router = new Router<DemoState>(exactPaths)
  const { introspect, revoke, metadata } = declaredOauth
  router.all(introspect.path, introspection({ tokens, ...protectionOf(services), scopeForAll, path: null }))
  router.all(revoke.path, services.rateLimits.ofRevocations, revocation({ tokens, path: null }))
  router.all(metadata.path, protectedResourceMetadata(resourceOf(services, scopes)))
  return router
}
