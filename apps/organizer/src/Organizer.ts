/** The organizer as a running server. */
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Router } from "@koa/router"
import Koa from "koa"
import type { OrganizerConfiguration } from "./Configuration.ts"
import { declinedPage, refusedPage, treasuresPage, unavailablePage, welcomePage } from "./pages.ts"
import { Sessions } from "./sessions.ts"
import { Treasures } from "./Treasures.ts"

export interface Organizer {
  readonly url: string
  /** Idempotent. */
  readonly stop: () => Promise<void>
}

/** Starts listening. Connects to the treasures when the first person signs in, and again if the app is unknown there. */
export const startOrganizer = async ({ host, port, treasuresUrl }: OrganizerConfiguration): Promise<Organizer> => {
  const server = createServer()
  server.listen(port, host)
  await once(server, "listening")
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`
  server.on("request", makeApp(url, treasuresUrl).callback())
  let stopped: Promise<unknown> | undefined
  const stop = async () => {
    stopped ??= once(server, "close")
    server.close()
    server.closeAllConnections()
    await stopped
  }
  return { url, stop }
}

const makeApp = (url: string, treasuresUrl: string): Koa => {
  const sessions = new Sessions()
  let connecting: Promise<Treasures> | undefined
  const connect = () => {
    connecting ??= Treasures.connect(treasuresUrl, `${url}/callback`).catch((error: unknown) => {
      connecting = undefined
      throw error
    })
    return connecting
  }

  const router = new Router()

  router.get("/", async (ctx) => {
    const session = sessions.of(ctx)
    if (session?.access === undefined) return answer(ctx, welcomePage())
    const treasures = await connect()
    const listing = await treasures.list(session.access, (access) => {
      session.access = access
    })
    switch (listing._tag) {
      case "Treasures":
        return answer(ctx, treasuresPage(listing.treasures))
      case "Refused":
        sessions.end(ctx)
        return answer(ctx, refusedPage(), 403)
      case "Unavailable":
        return answer(ctx, unavailablePage(), 503)
    }
  })

  router.post("/sign-in", async (ctx) => {
    const treasures = await connect()
    const { url: signInUrl, pending } = await treasures.signInUrl()
    sessions.start(ctx, { pending })
    ctx.status = 303
    ctx.redirect(signInUrl.href)
  })

  router.get("/callback", async (ctx) => {
    const pending = sessions.of(ctx)?.pending
    sessions.end(ctx)
    const treasures = await connect()
    const access = pending && (await treasures.access(new URL(ctx.url, url), pending))
    if (access === undefined) return answer(ctx, declinedPage(), 403)
    sessions.start(ctx, { access })
    ctx.status = 303
    ctx.redirect("/")
  })

  router.post("/sign-out", async (ctx) => {
    const access = sessions.of(ctx)?.access
    sessions.end(ctx)
    if (access !== undefined) await (await connect()).end(access)
    ctx.status = 303
    ctx.redirect("/")
  })

  const app = new Koa()
  app.silent = true
  app.use(async function pagesOnly(ctx, next) {
    if (ctx.method === "POST" && ctx.get("Origin") !== url) ctx.throw(403)
    try {
      await next()
    } catch (error) {
      console.error(`${ctx.method} ${ctx.path}: ${error instanceof Error ? error.message : "failed"}`)
      answer(ctx, unavailablePage(), 503)
    }
  })
  app.use(router.routes()).use(router.allowedMethods())
  return app
}

const answer = (ctx: Koa.ParameterizedContext, page: string, status = 200): void => {
  ctx.status = status
  ctx.type = "text/html; charset=utf-8"
  ctx.set("Cache-Control", "no-store")
  ctx.set("Content-Security-Policy", "default-src 'none'; img-src data:; frame-ancestors 'none'; base-uri 'none'")
  ctx.set("X-Content-Type-Options", "nosniff")
  ctx.set("Referrer-Policy", "same-origin")
  ctx.body = page
}
