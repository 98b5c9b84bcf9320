/** Exchanges API tokens for short-lived JWTs at the provider's token endpoint (RFC 8693). */
import { OAuthAnswers } from "@tokenry/http"
import { TokenExchange, tokenExchangeGrant } from "@tokenry/jwt"
import { oauthEndpoint, writeAnswer } from "@tokenry/koa"
import type Koa from "koa"
import type Provider from "oidc-provider"
import type { KoaContextWithOIDC } from "oidc-provider"
import rawBody from "raw-body"
import { scopeCatalogue } from "../scopes.ts"
import type { Services } from "../Services.ts"

/** The scopes every service understands: none that manages tokens. */
const scopesOfServices = scopeCatalogue.scopes.filter((scope) => scope.startsWith("treasure:"))

/**
 * The provider requires client authentication for every grant, but an exchange has only its API token. So exchanges are
 * answered before the provider sees them. Its metadata lists the grant, and its JWK set has the keys that sign the JWTs.
 */
export const exchangeTokens = (
  provider: Provider,
  tokenPath: string,
  { tokens, publicUrl, rateLimits, dpop, jwts: { keys, audiences } }: ExchangeServices,
): void => {
  const exchange = TokenExchange.make({
    tokens,
    issuer: publicUrl,
    keys,
    audiences: Object.fromEntries(audiences.map((audience) => [audience, scopesOfServices])),
    dpop,
    limits: rateLimits.ofTokens,
  })
  const answerExchange = oauthEndpoint(exchange, { path: null })

  provider.use(async function exchangeTokens(ctx, next) {
    if (ctx.method === "POST" && ctx.path === tokenPath && ctx.is(formType)) {
      const body = await bodyOf(ctx)
      if (body === undefined) return writeAnswer(ctx, OAuthAnswers.toForm("TooLarge"))
      if (isExchange(body)) {
        Object.assign(ctx.request, { body })
        return answerExchange(ctx, next)
      }
      leaveBody(ctx, body)
    }
    await next()
    const { oidc } = ctx as Partial<KoaContextWithOIDC>
    if (oidc?.route === "discovery") ctx.body = withGrant(ctx.body as Metadata)
    if (oidc?.route === "jwks") writeAnswer(ctx, keys.answerTo(ctx.method))
  })
}

export type ExchangeServices = Pick<Services, "tokens" | "publicUrl" | "rateLimits" | "dpop" | "jwts">

interface Metadata {
  readonly grant_types_supported: ReadonlyArray<string>
}

const withGrant = (metadata: Metadata): Metadata => ({
  ...metadata,
  grant_types_supported: [...metadata.grant_types_supported, tokenExchangeGrant],
})

const formType = "application/x-www-form-urlencoded"

/** `undefined` if it is too large. */
const bodyOf = async (ctx: Koa.Context): Promise<Buffer | undefined> => {
  try {
    return await rawBody(ctx.req, { length: ctx.get("Content-Length"), limit: "16kb" })
  } catch (error) {
    if (error instanceof Error && "type" in error && error.type === "entity.too.large") return undefined
    throw error
  }
}

/** True even if other grants are named too: the exchange then refuses the repeated parameter. */
const isExchange = (body: Buffer): boolean =>
  new URLSearchParams(body.toString()).getAll("grant_type").includes(tokenExchangeGrant)

/** The stream has ended, so this puts the body where the provider reads it. */
const leaveBody = ({ req }: Koa.Context, body: Buffer): void => {
  Object.defineProperties(req, { readable: { value: true }, iterator: { value: () => [body] } })
}
