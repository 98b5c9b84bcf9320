/** A Koa app that has users and sessions already gets tokens: what reads `ctx.state.user` stays as it is. */
import { InvalidInput } from "@tokenry/core"
import type { PromiseApiTokens } from "@tokenry/core/promise"
import { bearer, problemDetails, requireScopes } from "@tokenry/koa"
import Koa, { type Context, type Middleware } from "koa"

const problemBase = "https://api.example.com/problems/"

/** What there was before: who is signed in, by whatever means; and routes that ask for it. */
export interface Before {
  readonly userOf: (ctx: Context) => { readonly id: string } | undefined
  readonly routes: Middleware
}

export const withTokens = ({ userOf, routes }: Before, tokens: PromiseApiTokens): Koa => {
  const byToken = bearer({ tokens, realm: "treasures", problemBase })
  const mayRead = requireScopes("treasure:read")
  const mayEdit = requireScopes("treasure:edit")

  /** An Authorization header decides alone, good or bad: it never falls back to the session. */
  const authenticated: Middleware = (ctx, next) => {
    ctx.vary("Authorization, Cookie")
    if (ctx.req.headers.authorization === undefined) {
      ctx.state["user"] = userOf(ctx)
      return ctx.state["user"] === undefined ? byToken(ctx, next) : next()
    }
    return byToken(ctx, async () => {
      ctx.state["user"] = { id: ctx.state["caller"].ownedBy }
      await (ctx.method === "GET" || ctx.method === "HEAD" ? mayRead : mayEdit)(ctx, next)
    })
  }

  /** People make their tokens themselves, in a session; a token makes none. Protect it from other sites as you do the rest. */
  const ownTokens: Middleware = async (ctx, next) => {
    if (ctx.method !== "POST" || ctx.path !== "/tokens") return next()
    const ownedBy = userOf(ctx)?.id
    if (ownedBy === undefined || ctx.state["caller"] !== undefined) return ctx.throw(403)
    const name = ctx.query["name"]
    if (typeof name !== "string")
      throw new InvalidInput({ issues: [{ path: ["name"], message: "must be given once" }] })
    const { plaintext, token } = await tokens.issue({ ownedBy, name, scopes: ["treasure:read"], expiresIn: "90 days" })
    ctx.status = 201
    ctx.set("Cache-Control", "no-store")
    ctx.body = { plaintext, id: token.id }
  }

  return new Koa().use(problemDetails({ problemBase })).use(authenticated).use(ownTokens).use(routes)
}
