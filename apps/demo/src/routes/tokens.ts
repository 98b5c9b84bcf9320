/** An owner's tokens: issued, listed, changed, rotated and revoked; in a session, or by means of a token. */
import { Router } from "@koa/router"
import { EditRequest, IssueRequest, ListRequest, RotateRequest } from "@tokenry/core"
import type { TokenDetails } from "@tokenry/core/promise"
import { Schema, Struct } from "effect"
import type Koa from "koa"
import { authenticated, bySessionOr, type DemoState } from "../http/authentication.ts"
import { attributionOf } from "../http/attribution.ts"
import { readBody, readOptionalBody, readQuery } from "../http/requestBody.ts"
import { exactPaths } from "../http/routing.ts"
import type { Services } from "../Services.ts"
import { tokenBodies, tokenBody, tokenBodyAfterChange } from "./tokenBody.ts"

const IssueBody = IssueRequest.mapFields(Struct.pick(["name", "scopes", "expiresAt", "expiresIn"]))
const EditBody = EditRequest.mapFields(Struct.pick(["name", "scopes", "expiresAt", "expiresIn"]))
const RotateBody = RotateRequest.mapFields(Struct.pick(["graceFor", "expiresAt", "expiresIn"]))
const NoFields = Schema.Record(Schema.String, Schema.Never.annotate({ expected: "left out" }))
export const TokensQuery = ListRequest.mapFields(Struct.pick(["state", "limit", "cursor"]))

export const tokenRoutes = (services: Services): Router<DemoState> => {
  const { tokens } = services
  const router = new Router<DemoState>(exactPaths)

  router.use(authenticated(services), bySessionOr("token:manage"))

  router.post("/api/tokens", async (ctx) => {
    const { plaintext, token } = await tokens.issue({ ...(await readBody(ctx, IssueBody)), ...actingIn(ctx) })
    ctx.status = 201
    ctx.set("Location", `/api/tokens/${token.id}`)
    answerPlaintext(ctx, plaintext, token)
  })

  router.get("/api/tokens", async (ctx) => {
    const { ownedBy, caller } = actingIn(ctx)
    const { items, nextCursor } = await tokens.list({ ...(await readQuery(ctx, TokensQuery)), ownedBy, caller })
    ctx.body = { items: await tokenBodies(tokens, items), nextCursor }
  })

  router.get("/api/tokens/:id", async (ctx) => {
    const { ownedBy, caller } = actingIn(ctx)
    const token = await tokens.find({ id: idOf(ctx), ownedBy, caller })
    const [usage] = (await tokens.usageOf([token])) ?? []
    ctx.body = { ...tokenBody(token, usage), history: token.history, usage: usage ?? null }
  })

  router.patch("/api/tokens/:id", async (ctx) => {
    const body = await readBody(ctx, EditBody)
    ctx.body = await tokenBodyAfterChange(tokens, await tokens.edit({ ...body, id: idOf(ctx), ...actingIn(ctx) }))
  })

  router.post("/api/tokens/:id/rotate", async (ctx) => {
    const body = await readOptionalBody(ctx, RotateBody)
    const { plaintext, token } = await tokens.rotate({ ...body, id: idOf(ctx), ...actingIn(ctx) })
    answerPlaintext(ctx, plaintext, token)
  })

  router.post("/api/tokens/:id/end-overlap", async (ctx) => {
    await readOptionalBody(ctx, NoFields)
    ctx.body = await tokenBodyAfterChange(tokens, await tokens.endOverlap({ id: idOf(ctx), ...actingIn(ctx) }))
  })

  router.delete("/api/tokens/:id", async (ctx) => {
    await tokens.revoke({ id: idOf(ctx), ...actingIn(ctx) })
    ctx.status = 204
  })

  return router
}

/** Whose tokens it is about, who acts, and by means of which token, if by any. */
const actingIn = (ctx: Koa.ParameterizedContext<DemoState>) => ({
  ownedBy: ctx.state.principal.ownedBy,
  by: attributionOf(ctx),
  caller: ctx.state.principal.via === "token" ? ctx.state.caller : undefined,
})

const idOf = (ctx: Koa.ParameterizedContext<DemoState> & { readonly params: Record<string, string> }): string =>
  ctx.params["id"] ?? ""

/** Nothing more is asked of the store now, for if that failed, the plaintext would be lost. */
const answerPlaintext = (ctx: Koa.Context, plaintext: string, token: TokenDetails): void => {
  ctx.set("Cache-Control", "no-store")
  ctx.body = { plaintext, token: tokenBody(token) }
}
