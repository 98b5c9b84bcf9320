/** A Koa app with its own sessions, routes and error format adopts tokens. Every error keeps the app's format. */
import { bodyParser } from "@koa/bodyparser"
import { Router } from "@koa/router"
import type { PromiseApiTokens } from "@tokenry/core/promise"
import type { RateLimits } from "@tokenry/http"
import { bearer, httpErrors, originOf } from "@tokenry/koa"
import Koa, { type Context, type Middleware, type ParameterizedContext } from "koa"
import type { TreasureScope } from "./catalogue.ts"

export interface Options {
  readonly tokens: PromiseApiTokens<TreasureScope>
  readonly limits: RateLimits
  /** The signed-in user, identified the way the app always did. */
  readonly userOf: (ctx: Context) => { readonly id: string } | undefined
}

export const existingKoaApp = ({ tokens, limits, userOf }: Options): Koa => {
  // The additions for tokens: the guard, its denials in the app's format, and a status for the core's errors.
  const onDenied = (ctx: Context, { reason, title, detail }: { reason: string; title: string; detail?: string }) => {
    ctx.body = envelope(reason, detail ?? title)
  }
  const guard = bearer({ tokens, realm: "treasures", limits, onDenied })

  /** A request with an Authorization header, good or bad, never falls back to the session. */
  const authenticate: Middleware = async (ctx, next) => {
    ctx.vary("Authorization, Cookie")
    ctx.state["user"] = ctx.get("Authorization") === "" ? userOf(ctx) : undefined
    if (ctx.state["user"] !== undefined) return next()
    return guard(ctx, async () => {
      ctx.state["user"] = { id: ctx.state["caller"].ownedBy }
      await next()
    })
  }
  /** People in a session may do everything; a token needs the scope. */
  const requireScope = (scope: TreasureScope): Middleware => {
    const byToken = guard.requireScopes(scope)
    return (ctx, next) => (ctx.state["caller"] === undefined ? next() : byToken(ctx, next))
  }
  /** People manage their tokens in a session. */
  const inSession: Middleware = (ctx, next) =>
    ctx.state["caller"] === undefined ? next() : ctx.throw(403, "Sign in to manage your tokens")

  const router = new Router()
  router.get("/treasures", requireScope("treasure:read"), (ctx) => {
    ctx.body = { owner: ctx.state["user"].id, treasures: ["Ruby"] }
  })
  router.delete("/treasures/:id", requireScope("treasure:delete"), (ctx) => {
    ctx.status = 204
  })
  router.post("/tokens", inSession, async (ctx) => {
    // `issue` validates the input.
    const { name, scopes } = (ctx.request.body ?? {}) as {
      readonly name: string
      readonly scopes: ReadonlyArray<string>
    }
    const { plaintext, token } = await tokens.issue({
      ownedBy: ctx.state["user"].id,
      name,
      scopes: tokens.catalogue.requested(scopes),
      expiresIn: "90 days",
      by: actingFrom(ctx),
    })
    ctx.status = 201
    ctx.set("Cache-Control", "no-store")
    ctx.body = { plaintext, id: token.id }
  })
  router.post("/tokens/:id/rotate", inSession, async (ctx) => {
    const own = { id: String(ctx.params["id"]), ownedBy: ctx.state["user"].id, by: actingFrom(ctx) }
    const { plaintext } = await tokens.rotate(own)
    ctx.set("Cache-Control", "no-store")
    ctx.body = { plaintext }
  })
  router.delete("/tokens/:id", inSession, async (ctx) => {
    await tokens.revoke({ id: String(ctx.params["id"]), ownedBy: ctx.state["user"].id, by: actingFrom(ctx) })
    ctx.status = 204
  })

  const app = new Koa()
  app.use(errors).use(httpErrors()).use(authenticate).use(bodyParser())
  app.use(router.routes()).use((ctx) => ctx.throw(404))
  return app
}

/** The person, address and user agent, for the token's history. */
const actingFrom = (ctx: Pick<ParameterizedContext, "state" | "ip" | "get">) => ({
  actor: { kind: "person", id: ctx.state["user"].id } as const,
  origin: originOf(ctx),
})

/** The app's existing error format. */
const envelope = (code: string, message: string) => ({ error: { code, message } })

/** The app's existing error handler. */
const errors: Middleware = async (ctx, next) => {
  try {
    await next()
  } catch (thrown) {
    const error = thrown as Error & Partial<Record<"status" | "expose" | "code" | "headers", unknown>>
    const status = typeof error.status === "number" ? error.status : 500
    if (status >= 500) ctx.app.emit("error", error, ctx)
    ctx.status = status
    ctx.set((error.headers ?? {}) as Record<string, string>)
    const isForClients = error.expose === true
    ctx.body = envelope(
      isForClients && typeof error.code === "string" ? error.code : String(status),
      isForClients ? error.message : "Something went wrong",
    )
  }
}
