/** An owner's tokens: issued, listed, changed, rotated and revoked; in a session, or by means of a token. */
import { Router } from "@koa/router"
import type { TokenDetails } from "@tokenry/core/promise"
import { Route } from "@tokenry/http"
import * as Schemas from "../api/schemas.ts"
import { sessionOrTokenWith } from "../api/security.ts"
import { attributionOf } from "../http/attribution.ts"
import type { DemoState } from "../http/authentication.ts"
import { exactPaths } from "../http/routing.ts"
import { type DemoContext, serve } from "../http/serve.ts"
import type { Services } from "../Services.ts"
import { tokenBodies, tokenBody, tokenBodyAfterChange } from "./tokenBody.ts"

const security = sessionOrTokenWith("token:manage")
const parameters = { id: "The token's id" }
const beyondWhatIsHeld = ["scope-not-held", "expiry-not-held", "secret-not-active"] as const

export const declaredTokens = {
  issue: Route.declare({
    method: "POST",
    path: "/api/tokens",
    operationId: "issueToken",
    summary: "Issues a token; by means of a token, mints one that can do no more than it",
    security,
    body: {
      schema: Schemas.IssueBody,
      example: { name: "my laptop", scopes: ["treasure:read"], expiresIn: "30 days" },
    },
    answers: {
      201: {
        description: "The token, and the only sight of its plaintext",
        schema: Schemas.IssuedToken,
        headers: { Location: "Where the token is found from now on" },
      },
    },
    problems: ["policy-violation", "owner-inactive", ...beyondWhatIsHeld],
  }),
  list: Route.declare({
    method: "GET",
    path: "/api/tokens",
    operationId: "listTokens",
    summary: "Lists tokens, the newest first; by means of a token, itself and what was minted by means of it",
    security,
    query: Schemas.TokensQuery,
    answers: { 200: { description: "A page of them", schema: Schemas.pageOf(Schemas.Token) } },
    problems: ["secret-not-active"],
  }),
  find: Route.declare({
    method: "GET",
    path: "/api/tokens/:id",
    operationId: "findToken",
    summary: "Shows a token with its history and how it has been used",
    security,
    parameters,
    answers: { 200: { description: "The token", schema: Schemas.TokenInFull } },
    problems: ["secret-not-active"],
  }),
  edit: Route.declare({
    method: "PATCH",
    path: "/api/tokens/:id",
    operationId: "editToken",
    summary: "Renames a token, takes scopes away, brings its expiry forward: all that is asked for, or nothing",
    security,
    parameters,
    body: { schema: Schemas.EditBody, example: { name: "the old laptop" } },
    answers: { 200: { description: "The token as it is now", schema: Schemas.Token } },
    problems: ["policy-violation", "token-not-live", "revision-conflict", "scope-not-held", "secret-not-active"],
  }),
  rotate: Route.declare({
    method: "POST",
    path: "/api/tokens/:id/rotate",
    operationId: "rotateToken",
    summary: "Gives a token a new secret; the one it had is accepted until its grace ends",
    security,
    parameters,
    body: { schema: Schemas.RotateBody, example: { graceFor: "2 hours" }, isOptional: true },
    answers: {
      200: { description: "The token, and the only sight of its new plaintext", schema: Schemas.IssuedToken },
    },
    problems: ["policy-violation", "token-not-live", "revision-conflict", "expiry-not-held", "secret-not-active"],
  }),
  endOverlap: Route.declare({
    method: "POST",
    path: "/api/tokens/:id/end-overlap",
    operationId: "endOverlap",
    summary: "Ends the grace of all secrets that were replaced, now",
    security,
    parameters,
    body: { schema: Schemas.EmptyBody, example: {}, isOptional: true },
    answers: { 200: { description: "The token as it is now", schema: Schemas.Token } },
    problems: ["token-not-live", "revision-conflict", "secret-not-active"],
  }),
  revoke: Route.declare({
    method: "DELETE",
    path: "/api/tokens/:id",
    operationId: "revokeToken",
    summary: "Ends a token at once and for good",
    security,
    parameters,
    answers: { 204: { description: "It is revoked, now or since before" } },
    problems: ["secret-not-active"],
  }),
}

export const tokenRoutes = (services: Services): Router<DemoState> => {
  const { tokens } = services
  const router = new Router<DemoState>(exactPaths)

  serve(router, services, declaredTokens.issue, async (ctx, { body }) => {
    const { plaintext, token } = await tokens.issue({ ...body, ...actingIn(ctx) })
    ctx.status = 201
    ctx.set("Location", `/api/tokens/${token.id}`)
    answerPlaintext(ctx, plaintext, token)
  })

  serve(router, services, declaredTokens.list, async (ctx, { query }) => {
    const { ownedBy, caller } = actingIn(ctx)
    const { items, nextCursor } = await tokens.list({ ...query, ownedBy, caller })
    ctx.body = { items: await tokenBodies(tokens, items), nextCursor }
  })

  serve(router, services, declaredTokens.find, async (ctx, { param }) => {
    const { ownedBy, caller } = actingIn(ctx)
    const token = await tokens.find({ id: param("id"), ownedBy, caller })
    const [usage] = (await tokens.usageOf([token])) ?? []
    ctx.body = { ...tokenBody(token, usage), history: token.history, usage: usage ?? null }
  })

  serve(router, services, declaredTokens.edit, async (ctx, { body, param }) => {
    const token = await tokens.edit({ ...body, id: param("id"), ...actingIn(ctx) })
    ctx.body = await tokenBodyAfterChange(tokens, token)
  })

  serve(router, services, declaredTokens.rotate, async (ctx, { body, param }) => {
    const { plaintext, token } = await tokens.rotate({ ...body, id: param("id"), ...actingIn(ctx) })
    answerPlaintext(ctx, plaintext, token)
  })

  serve(router, services, declaredTokens.endOverlap, async (ctx, { param }) => {
    ctx.body = await tokenBodyAfterChange(tokens, await tokens.endOverlap({ id: param("id"), ...actingIn(ctx) }))
  })

  serve(router, services, declaredTokens.revoke, async (ctx, { param }) => {
    await tokens.revoke({ id: param("id"), ...actingIn(ctx) })
    ctx.status = 204
  })

  return router
}

/** Whose tokens it is about, who acts, and by means of which token, if by any. */
const actingIn = (ctx: DemoContext) => ({
  ownedBy: ctx.state.principal.ownedBy,
  by: attributionOf(ctx),
  caller: ctx.state.principal.via === "token" ? ctx.state.caller : undefined,
})

/** Nothing more is asked of the store now, for if that failed, the plaintext would be lost. */
const answerPlaintext = (ctx: DemoContext, plaintext: string, token: TokenDetails): void => {
  ctx.set("Cache-Control", "no-store")
  ctx.body = { plaintext, token: tokenBody(token) }
}
