/** Who makes a change, for a token's history. */
import { isIP } from "node:net"
import type { Attribution } from "@tokenry/core"
import type Koa from "koa"
import type { DemoState } from "./authentication.ts"

/** Behind a proxy it may be any text that a client chose, and so may the zone of an IPv6 address. */
const addressOf = (ip: string) => (isIP(ip) === 0 || ip.includes("%") ? {} : { address: ip })

/** The account or the token that makes the request, its address and its user agent. */
export const attributionOf = (ctx: Koa.ParameterizedContext<DemoState>): Attribution => {
  const { principal, caller } = ctx.state
  // Clients put tokens into the oddest places, and this one ends up in a database.
  const userAgent = ctx
    .get("User-Agent")
    .replace(/tcp_\w+/g, "tcp_…")
    .slice(0, 200)
  return {
    actor:
      principal.via === "token" ? { kind: "token", id: caller.tokenId } : { kind: "person", id: principal.ownedBy },
    origin: { ...addressOf(ctx.ip), ...(userAgent === "" ? {} : { userAgent }) },
  }
}
