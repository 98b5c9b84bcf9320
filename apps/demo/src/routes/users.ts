/** The admin API: accounts, their scopes and their tokens. */
import { Router } from "@koa/router"
import { PolicyViolation } from "@tokenry/core"
import { OwnerId } from "@tokenry/core/adapter"
import { Route } from "@tokenry/http"
import * as Schemas from "../api/schemas.ts"
import { adminSession } from "../api/security.ts"
import { attributionOf } from "../http/attribution.ts"
import type { DemoState } from "../http/authentication.ts"
import { found, HttpError } from "../http/HttpError.ts"
import { exactPaths } from "../http/routing.ts"
import { serve } from "../http/serve.ts"
import { scopeCatalogue } from "../scopes.ts"
import type { Services } from "../Services.ts"
import type { Account } from "../store/Store.ts"
import { tokenBodies } from "./tokenBody.ts"

const security = adminSession
const parameters = { id: "The account's id" }

export const declaredUsers = {
  list: Route.declare({
    method: "GET",
    path: "/api/users",
    operationId: "listAccounts",
    summary: "Lists all accounts",
    security,
    answers: { 200: { description: "All accounts", schema: Schemas.pageOf(Schemas.Account) } },
  }),
  edit: Route.declare({
    method: "PATCH",
    path: "/api/users/:id",
    operationId: "editAccount",
    summary: "Changes what an account may do, in its sessions and with its tokens",
    security,
    parameters,
    body: { schema: Schemas.AccountChange, example: { scopes: ["treasure:read"] } },
    answers: { 200: { description: "The account as it is now", schema: Schemas.Account } },
    problems: ["policy-violation"],
  }),
  listTokens: Route.declare({
    method: "GET",
    path: "/api/users/:id/tokens",
    operationId: "listTokensOfAccount",
    summary: "Lists an account's tokens, newest first, even if the account was deleted",
    security,
    parameters,
    query: Schemas.TokensQuery,
    answers: { 200: { description: "A page of tokens", schema: Schemas.pageOf(Schemas.Token) } },
  }),
  revokeTokens: Route.declare({
    method: "DELETE",
    path: "/api/users/:id/tokens",
    operationId: "revokeTokensOfAccount",
    summary: "Revokes all of an account's tokens, even if the account was deleted",
    security,
    parameters,
    answers: { 204: { description: "The tokens are revoked" } },
  }),
}

export const userRoutes = (services: Services): Router<DemoState> => {
  const { store, tokens } = services
  const router = new Router<DemoState>(exactPaths)
  /** The id if it belongs to an account, or to a deleted one that still has tokens; 404 otherwise. */
  const knownOwner = async (ownedBy: string): Promise<string> => {
    if ((await store.accounts.find(ownedBy)) !== undefined) return ownedBy
    const isId = OwnerId.flawOf(ownedBy) === undefined
    const { items } = isId ? await tokens.list({ ownedBy, state: "any", limit: 1 }) : { items: [] }
    return found(items[0]).ownedBy
  }

  serve(router, services, declaredUsers.list, async (ctx) => {
    ctx.body = { items: (await store.accounts.all()).map(accountBody), nextCursor: null }
  })

  serve(router, services, declaredUsers.edit, async (ctx, { body, param }) => {
    const id = param("id")
    if (id === ctx.state.principal.ownedBy && body.active === false) {
      throw new HttpError(409, "You can't deactivate your own account")
    }
    const account = found(await store.accounts.update(id, declared(body)))
    await tokens.ownerChanged(id)
    ctx.body = accountBody(account)
  })

  serve(router, services, declaredUsers.listTokens, async (ctx, { query, param }) => {
    const ownedBy = await knownOwner(param("id"))
    const { items, nextCursor } = await tokens.list({ ...query, ownedBy })
    ctx.body = { items: await tokenBodies(tokens, items), nextCursor }
  })

  serve(router, services, declaredUsers.revokeTokens, async (ctx, { param }) => {
    const ownedBy = await knownOwner(param("id"))
    await tokens.revokeOwnedBy({ ownedBy, reason: "revoked by an admin", by: attributionOf(ctx) })
    ctx.status = 204
  })

  return router
}

type Change = typeof Schemas.AccountChange.Type

/** The change with duplicate scopes removed, if all of them are declared. */
const declared = (change: Change): Change => {
  const { scopes = [] } = change
  const issues = scopes.flatMap((scope, index) => {
    const flaw = scopeCatalogue.flawOf(scope)
    return flaw === undefined ? [] : [{ path: ["scopes", String(index)], message: flaw }]
  })
  if (issues.length > 0) throw new PolicyViolation({ issues })
  return change.scopes === undefined ? change : { ...change, scopes: [...new Set(scopes)] }
}

const accountBody = ({ id, email, isAdmin, active, scopes }: Account) => ({ id, email, isAdmin, active, scopes })
