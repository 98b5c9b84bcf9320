/** The endpoint with which whoever holds a token ends it (RFC 7009). */
import { isIP } from "node:net"
import type { Origin } from "@tokenry/core"
import { Revocation, type RevocationOptions } from "@tokenry/http"
import type { Context, Middleware } from "koa"
import { answering, bodyTimeoutMilliseconds, type EndpointOptions, isAllowed, isAt } from "./oauthEndpoint.ts"
import { readForm } from "./readForm.ts"

export interface RevocationEndpointOptions extends EndpointOptions, RevocationOptions {}

/**
 * Middleware that answers `POST /oauth/revoke`, or at another path, and lets all else pass. It asks for no other
 * authorization than the token itself. All its answers are in OAuth's own format, and `no-store`. The body may have been
 * parsed before, or not. The token's history tells the address from which it was revoked.
 *
 * A store that is not available is answered with 503, and told to the application as Koa's `error` event. Costs one
 * `verify`, and a look-up and a write for a token that is not revoked yet.
 *
 * @throws RangeError when made: if `bodyTimeout` is more than 10 minutes.
 */
export const revocation = ({
  tokens,
  path = "/oauth/revoke",
  bodyTimeout,
}: RevocationEndpointOptions): Middleware<unknown, unknown> => {
  const { answerTo } = Revocation.make({ tokens })
  const timeout = bodyTimeoutMilliseconds({ bodyTimeout })
  return async function revocation(ctx, next) {
    if (!isAt(path, ctx)) return next()
    if (!isAllowed(ctx, "POST")) return
    return answering(ctx, async () => answerTo(await readForm(ctx, timeout), originOf(ctx)))
  }
}

/**
 * No user agent: a client may have put the token into it. Behind a proxy the address may be any text, and so may the zone
 * of an IPv6 address.
 */
const originOf = ({ ip }: Pick<Context, "ip">): Origin => (isIP(ip) === 0 || ip.includes("%") ? {} : { address: ip })
