/** The endpoint that says what a token stands for now (RFC 7662). */
import { BearerAnswers, type BearerProtection, Introspection, type IntrospectionOptions } from "@tokenry/http"
import type { Middleware } from "koa"
import { bearerWith, type CallerState } from "./bearer.ts"
import { answering, bodyTimeoutMilliseconds, type EndpointOptions, isAllowed, isAt } from "./oauthEndpoint.ts"
import type { VerifyingTokens } from "./passage.ts"
import { readForm } from "./readForm.ts"

export interface IntrospectionEndpointOptions extends BearerProtection, EndpointOptions {
  /** What `createApiTokens` gives. */
  readonly tokens: IntrospectionOptions["tokens"] & VerifyingTokens
  /** The scope with which a caller may know of everybody's tokens. Without it, each knows of their owner's alone. */
  readonly scopeForAll?: string | undefined
}

/**
 * Middleware that answers `POST /oauth/introspect`, or at another path, and lets all else pass. Who asks authenticates
 * with a bearer token, whichever it is, before the body is looked at. All its answers are in OAuth's own format, and
 * `no-store`. The body may have been parsed before, or not.
 *
 * A store that is not available is answered with 503, and told to the application as Koa's `error` event. Costs one
 * `verify` for who asks, and one and a look-up for the token that is asked about.
 *
 * @throws Error when made: if the realm is empty or not printable ASCII, `resourceMetadata` is no absolute URL,
 *   `scopeForAll` is no scope-token, or `bodyTimeout` is more than 10 minutes.
 */
export const introspection = ({
  tokens,
  scopeForAll,
  path = "/oauth/introspect",
  bodyTimeout,
  ...protection
}: IntrospectionEndpointOptions): Middleware<CallerState, unknown> => {
  const { answerTo } = Introspection.make({ tokens, scopeForAll })
  const authenticated = bearerWith(tokens, BearerAnswers.makeForOAuth(protection))
  const timeout = bodyTimeoutMilliseconds({ bodyTimeout })
  return async function introspection(ctx, next) {
    if (!isAt(path, ctx)) return next()
    if (!isAllowed(ctx, "POST")) return
    return authenticated(ctx, () =>
      answering(ctx, async () => answerTo(await readForm(ctx, timeout), ctx.state.caller)),
    )
  }
}
