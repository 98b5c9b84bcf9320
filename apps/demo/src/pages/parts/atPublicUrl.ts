/** Redirects a browser from another name of this machine to the site's public URL. */
import type Koa from "koa"
import { isLoopback } from "../../http/securityHeaders.ts"
import { mayHoldToken } from "../../http/tokensInText.ts"
import type { Services } from "../../Services.ts"

/**
 * Redirects a page opened at `http://localhost:3000` to `http://127.0.0.1:3000`, or the other way round, because forms
 * are accepted from one origin only, and cookies belong to a host. Only between loopback names with the same port and
 * without a proxy: a proxy's `Host` field could cause endless redirects.
 */
export const atPublicUrl = ({ publicUrl, trustedProxies }: Services): Koa.Middleware => {
  const own = new URL(publicUrl)
  const mayRedirect = trustedProxies === 0 && own.protocol === "http:" && isLoopback(own.hostname)
  return async function atPublicUrl(ctx, next) {
    if (!mayRedirect || !["GET", "HEAD"].includes(ctx.method) || !isOtherName(ctx.host, own)) return next()
    ctx.set("Cache-Control", "no-store")
    ctx.status = 307
    ctx.redirect(publicUrl + (mayHoldToken(ctx.url) ? "/" : `${ctx.path}${ctx.search}`))
  }
}

const isOtherName = (host: string, own: URL): boolean => {
  const other = URL.parse(`http://${host}`)
  return other !== null && other.port === own.port && other.hostname !== own.hostname && isLoopback(other.hostname)
}
