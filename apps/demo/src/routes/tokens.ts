/** A person's tokens: issue, list, show, change, revoke. */
import { Router } from "@koa/router"
import { EditRequest, IssueRequest, ListRequest } from "@tokenry/core"
import type { TokenDetails } from "@tokenry/core/promise"
import { Struct } from "effect"
import { authenticated, bySession, type DemoState } from "../http/authentication.ts"
import { attributionOf } from "../http/attribution.ts"
import { readBody, readQuery } from "../http/requestBody.ts"
import { exactPaths } from "../http/routing.ts"
import type { Services } from "../Services.ts"

const IssueBody = IssueRequest.mapFields(Struct.pick(["name", "scopes", "expiresAt", "expiresIn"]))
const EditBody = EditRequest.mapFields(Struct.pick(["name", "scopes", "expiresAt", "expiresIn"]))
export const TokensQuery = ListRequest.mapFields(Struct.pick(["state", "limit", "cursor"]))

export const tokenRoutes = (services: Services): Router<DemoState> => {
  const { tokens } = services
  const router = new Router<DemoState>(exactPaths)

  router.use(authenticated(services), bySession(services))

  router.post("/api/tokens", async (ctx) => {
    const body = await readBody(ctx, IssueBody)
    const { ownedBy } = ctx.state.principal
    const { plaintext, token } = await tokens.issue({ ...body, ownedBy, by: attributionOf(ctx) })
    ctx.status = 201
    ctx.set({ Location: `/api/tokens/${token.id}`, "Cache-Control": "no-store" })
    ctx.body = { plaintext, token: tokenBody(token) }
  })

  router.get("/api/tokens", async (ctx) => {
    const query = await readQuery(ctx, TokensQuery)
    const { items, nextCursor } = await tokens.list({ ...query, ownedBy: ctx.state.principal.ownedBy })
    ctx.body = { items: items.map(tokenBody), nextCursor }
  })

  router.get("/api/tokens/:id", async (ctx) => {
    const { ownedBy } = ctx.state.principal
    const token = await tokens.find({ id: ctx.params["id"] ?? "", ownedBy })
    ctx.body = { ...tokenBody(token), history: token.history }
  })

  router.patch("/api/tokens/:id", async (ctx) => {
    const body = await readBody(ctx, EditBody)
    const { ownedBy } = ctx.state.principal
    ctx.body = tokenBody(await tokens.edit({ ...body, id: ctx.params["id"] ?? "", ownedBy, by: attributionOf(ctx) }))
  })

  router.delete("/api/tokens/:id", async (ctx) => {
    const { ownedBy } = ctx.state.principal
    await tokens.revoke({ id: ctx.params["id"] ?? "", ownedBy, by: attributionOf(ctx) })
    ctx.status = 204
  })

  return router
}

/** A token as the API shows it, without its history. */
export const tokenBody = (token: TokenDetails) => ({
  id: token.id,
  name: token.name,
  ownedBy: token.ownedBy,
  scopes: token.scopes,
  createdAt: token.createdAt,
  expiresAt: token.expiresAt,
  revokedAt: token.revokedAt,
  revokedBecause: token.revokedBecause,
  issuedTo: token.issuedTo,
  ancestors: token.ancestors,
  revision: token.revision,
})
