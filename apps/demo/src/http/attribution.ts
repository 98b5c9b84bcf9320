/** Who makes a change, for a token's history. */
import type { Attribution } from "@tokenry/core"
import { clientAddress } from "@tokenry/http"
import type Koa from "koa"
import type { DemoState } from "./authentication.ts"
import { withoutTokens } from "./tokensInText.ts"

/** The calling account or token, its address and its user agent. */
export const attributionOf = (ctx: Koa.ParameterizedContext<DemoState>): Attribution => {
  const { principal, caller } = ctx.state
  const address = clientAddress(ctx.ip)
  const userAgent = withoutTokens(ctx.get("User-Agent")).slice(0, 200)
  return {
    actor:
      principal.via === "token" ? { kind: "token", id: caller.tokenId } : { kind: "person", id: principal.ownedBy },
    origin: { ...(address !== undefined && { address }), ...(userAgent === "" ? {} : { userAgent }) },
  }
}
