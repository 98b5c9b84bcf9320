/** What an admin sees and does: accounts, what they may do from now on, and their tokens. */
import { Router } from "@koa/router"
import { PolicyViolation } from "@tokenry/core"
import { Schema } from "effect"
import { attributionOf } from "../http/attribution.ts"
import { authenticated, byAdmin, type DemoState } from "../http/authentication.ts"
import { found, HttpError } from "../http/HttpError.ts"
import { readBody, readQuery } from "../http/requestBody.ts"
import { exactPaths } from "../http/routing.ts"
import { scopeCatalogue } from "../scopes.ts"
import type { Services } from "../Services.ts"
import type { Account } from "../store/Store.ts"
import { tokenBodies } from "./tokenBody.ts"
import { TokensQuery } from "./tokens.ts"

const AccountChange = Schema.Struct({
  active: Schema.optionalKey(Schema.Boolean),
  scopes: Schema.optionalKey(Schema.Array(Schema.String).check(Schema.isMaxLength(100))),
})

export const userRoutes = (services: Services): Router<DemoState> => {
  const { store, tokens } = services
  const router = new Router<DemoState>(exactPaths)

  router.use(authenticated(services), byAdmin(services))

  router.get("/api/users", async (ctx) => {
    ctx.body = { items: (await store.accounts.all()).map(accountBody), nextCursor: null }
  })

  router.patch("/api/users/:id", async (ctx) => {
    const change = await readBody(ctx, AccountChange)
    const id = ctx.params["id"] ?? ""
    if (id === ctx.state.principal.ownedBy && change.active === false) {
      throw new HttpError(409, "You can't deactivate the account that you are signed in with")
    }
    const account = found(await store.accounts.update(id, declared(change)))
    await tokens.ownerChanged(id)
    ctx.body = accountBody(account)
  })

  router.get("/api/users/:id/tokens", async (ctx) => {
    const { id: ownedBy } = found(await store.accounts.find(ctx.params["id"] ?? ""))
    const { items, nextCursor } = await tokens.list({ ...(await readQuery(ctx, TokensQuery)), ownedBy })
    ctx.body = { items: await tokenBodies(tokens, items), nextCursor }
  })

  router.delete("/api/users/:id/tokens", async (ctx) => {
    const { id: ownedBy } = found(await store.accounts.find(ctx.params["id"] ?? ""))
    await tokens.revokeOwnedBy({ ownedBy, reason: "revoked by an admin", by: attributionOf(ctx) })
    ctx.status = 204
  })

  return router
}

/** The change with each scope once, if all of them are declared. */
const declared = (change: typeof AccountChange.Type): typeof AccountChange.Type => {
  const { scopes = [] } = change
  const issues = scopes.flatMap((scope, index) => {
    const flaw = scopeCatalogue.flawOf(scope)
    return flaw === undefined ? [] : [{ path: ["scopes", String(index)], message: flaw }]
  })
  if (issues.length > 0) throw new PolicyViolation({ issues })
  return change.scopes === undefined ? change : { ...change, scopes: [...new Set(scopes)] }
}

const accountBody = ({ id, email, isAdmin, active, scopes }: Account) => ({ id, email, isAdmin, active, scopes })
