/** An owner's tokens: issue, list, change, rotate and revoke, in a session or with a token. */
import { Router } from "@koa/router"
import { type Acting, RevisionMismatch } from "@tokenry/core"
import type { TokenDetails } from "@tokenry/core/promise"
import { Route } from "@tokenry/http"
import { writeAnswer } from "@tokenry/koa"
import * as Schemas from "../api/schemas.ts"
import { sessionOrTokenWith } from "../api/security.ts"
import { attributionOf } from "../http/attribution.ts"
import type { DemoState } from "../http/authentication.ts"
import { problemsOf } from "../http/guard.ts"
import { expectedRevisionOf } from "../http/requestFields.ts"
import { exactPaths } from "../http/routing.ts"
import { type DemoContext, serve } from "../http/serve.ts"
import { scopeCatalogue } from "../scopes.ts"
import { isPasswordRecent } from "../http/sessions.ts"
import type { Issued } from "../idempotency.ts"
import type { Services } from "../Services.ts"
import { addressOf, issueOnce } from "./issueOnce.ts"
import { knownOf, tokenBodies, tokenBody, tokenBodyAfterChange, tokenTagOf } from "./tokenBody.ts"

const security = sessionOrTokenWith("token:manage")
const parameters = { id: "The token's id" }
const tagged = { ETag: "The token's revision, for If-Match" }
const conditional = { "If-Match": "One of these entity tags must be the token's current one; * matches any" }
const beyondWhatIsHeld = ["scope-not-held", "expiry-not-held", "secret-not-active"] as const
const inTheWayOfChanges = ["token-not-live", "revision-conflict", "secret-not-active", "precondition-failed"] as const

export const declaredTokens = {
  issue: Route.declare({
    method: "POST",
    path: "/api/tokens",
    operationId: "issueToken",
    summary: "Issues a token. With a token, mints one that can't exceed it",
    security,
    headers: {
      "Idempotency-Key":
        'A string in double quotes that is new for each new token, as "8e03978e-40d5-43dd-bc93-6894a57f9324". A retry with the same key within a day never creates a second token',
    },
    body: {
      schema: Schemas.IssueBody,
      example: { name: "my laptop", scopes: ["treasure:read"], expiresIn: "30 days" },
    },
    answers: {
      201: {
        description: "The token, with the only copy of its plaintext",
        schema: Schemas.IssuedToken,
        headers: { Location: "The token's address", ...tagged },
      },
    },
    problems: [
      "policy-violation",
      "owner-inactive",
      "plaintext-gone",
      "idempotency-key-in-use",
      "idempotency-key-reused",
      "recent-sign-in-required",
      ...beyondWhatIsHeld,
    ],
  }),
  list: Route.declare({
    method: "GET",
    path: "/api/tokens",
    operationId: "listTokens",
    summary: "Lists tokens, newest first. With a token, lists that token and those minted with it",
    security,
    query: Schemas.TokensQuery,
    answers: { 200: { description: "A page of tokens", schema: Schemas.pageOf(Schemas.Token) } },
    problems: ["secret-not-active"],
  }),
  find: Route.declare({
    method: "GET",
    path: "/api/tokens/:id",
    operationId: "findToken",
    summary: "Returns a token with its history and usage",
    security,
    parameters,
    headers: conditional,
    answers: { 200: { description: "The token", schema: Schemas.TokenInFull, headers: tagged } },
    problems: ["secret-not-active", "precondition-failed"],
  }),
  edit: Route.declare({
    method: "PATCH",
    path: "/api/tokens/:id",
    operationId: "editToken",
    summary: "Renames a token, removes scopes or brings its expiry forward, atomically",
    security,
    parameters,
    headers: conditional,
    body: { schema: Schemas.EditBody, example: { name: "the old laptop" } },
    answers: { 200: { description: "The updated token", schema: Schemas.Token, headers: tagged } },
    problems: ["policy-violation", "scope-not-held", ...inTheWayOfChanges],
  }),
  rotate: Route.declare({
    method: "POST",
    path: "/api/tokens/:id/rotate",
    operationId: "rotateToken",
    summary: "Gives a token a new secret. The previous one stays valid for its grace period",
    security,
    parameters,
    headers: conditional,
    body: { schema: Schemas.RotateBody, example: { graceFor: "2 hours" }, isOptional: true },
    answers: {
      200: {
        description: "The token, with the only copy of its new plaintext",
        schema: Schemas.IssuedToken,
        headers: tagged,
      },
    },
    problems: ["policy-violation", "expiry-not-held", "recent-sign-in-required", ...inTheWayOfChanges],
  }),
  endGrace: Route.declare({
    method: "POST",
    path: "/api/tokens/:id/end-grace",
    operationId: "endGrace",
    summary: "Ends the grace period of every replaced secret now",
    security,
    parameters,
    headers: conditional,
    body: { schema: Schemas.EmptyBody, example: {}, isOptional: true },
    answers: { 200: { description: "The updated token", schema: Schemas.Token, headers: tagged } },
    problems: inTheWayOfChanges,
  }),
  revoke: Route.declare({
    method: "DELETE",
    path: "/api/tokens/:id",
    operationId: "revokeToken",
    summary: "Revokes a token, immediately and permanently",
    security,
    parameters,
    headers: conditional,
    answers: { 204: { description: "The token is revoked" } },
    problems: ["secret-not-active", "precondition-failed"],
  }),
}

export const tokenRoutes = (services: Services): Router<DemoState> => {
  const { tokens } = services
  const { recentSignInRequired } = problemsOf(services)
  const router = new Router<DemoState>(exactPaths)
  /** Whether the caller may see a plaintext, as on the pages; if not, the response is already set. */
  const maySeePlaintext = (ctx: DemoContext): boolean => {
    const may = ctx.state.principal.via === "token" || isPasswordRecent(ctx)
    if (!may) writeAnswer(ctx, recentSignInRequired)
    return may
  }
  const answerChanged = async (ctx: DemoContext, token: TokenDetails): Promise<void> => {
    ctx.set("ETag", tokenTagOf(token))
    ctx.body = await tokenBodyAfterChange(tokens, token)
  }

  serve(router, services, declaredTokens.issue, async (ctx, { body }) => {
    if (!maySeePlaintext(ctx)) return
    const issued = await issueOnce(ctx, services, body, () =>
      tokens.issue({ ...body, scopes: scopeCatalogue.requested(body.scopes), ...actingIn(ctx) }),
    )
    if (issued === undefined) return
    ctx.status = 201
    ctx.set("Location", addressOf(issued.token.id))
    answerPlaintext(ctx, issued)
  })

  serve(router, services, declaredTokens.list, async (ctx, { query }) => {
    const { items, nextCursor } = await tokens.list({ ...query, ...authorityIn(ctx) })
    ctx.body = { items: await tokenBodies(tokens, items), nextCursor }
  })

  serve(router, services, declaredTokens.find, async (ctx, { param }) => {
    const expected = expectedRevisionOf(ctx)
    const token = await tokens.find({ id: param("id"), ...authorityIn(ctx) })
    if (expected?.includes(token.revision) === false) throw new RevisionMismatch(token)
    const [known] = await knownOf(tokens, [token])
    ctx.set("ETag", tokenTagOf(token))
    ctx.body = { ...tokenBody(token, known), history: token.history, usage: known?.usage ?? null }
  })

  serve(router, services, declaredTokens.edit, async (ctx, { body, param }) => {
    await answerChanged(
      ctx,
      await tokens.edit({
        ...body,
        scopes: body.scopes && scopeCatalogue.requested(body.scopes),
        ...changeOf(ctx, param("id")),
      }),
    )
  })

  serve(router, services, declaredTokens.rotate, async (ctx, { body, param }) => {
    if (!maySeePlaintext(ctx)) return
    answerPlaintext(ctx, await tokens.rotate({ ...body, ...changeOf(ctx, param("id")) }))
  })

  serve(router, services, declaredTokens.endGrace, async (ctx, { param }) => {
    await answerChanged(ctx, await tokens.endGrace(changeOf(ctx, param("id"))))
  })

  serve(router, services, declaredTokens.revoke, async (ctx, { param }) => {
    await tokens.revoke(changeOf(ctx, param("id")))
    ctx.status = 204
  })

  return router
}

/** The authority of the request: its token's, or the signed-in owner's. */
const authorityIn = ({ state: { principal, caller } }: DemoContext): Acting =>
  principal.via === "token" ? { caller } : { ownedBy: principal.ownedBy }

const actingIn = (ctx: DemoContext) => ({ ...authorityIn(ctx), by: attributionOf(ctx) })

/** Which token to change, by whom, and its expected revision. */
const changeOf = (ctx: DemoContext, id: string) => ({ id, expectedRevision: expectedRevisionOf(ctx), ...actingIn(ctx) })

/** Doesn't query the store again, since a failure would lose the plaintext. */
const answerPlaintext = (ctx: DemoContext, { plaintext, token }: Issued): void => {
  ctx.set("Cache-Control", "no-store")
  ctx.set("ETag", tokenTagOf(token))
  ctx.body = { plaintext, token: tokenBody(token) }
}
