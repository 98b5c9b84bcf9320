/** Makes the access tokens of an `oidc-provider` instance API tokens. */
import { InvalidInput, isApiTokensError, type Origin, PolicyViolation } from "@tokenry/core"
import { checkOptions, isText, type OptionRules } from "@tokenry/core/adapter"
import type { PromiseApiTokens, TokenDetails } from "@tokenry/core/promise"
import Provider, { errors, type KoaContextWithOIDC } from "oidc-provider"
import { AlreadyConsumed } from "./AlreadyConsumed.ts"
import { GrantedTokens } from "./GrantedTokens.ts"
import { temporarilyUnavailable } from "./temporarilyUnavailable.ts"

export interface IssuingOptions {
  /** What `createApiTokens` returned. */
  readonly tokens: Pick<PromiseApiTokens, "catalogue" | "issue" | "rotate" | "edit" | "revoke" | "inspect" | "find">
  /** How long the replaced secret stays valid after a refresh, as in `10 minutes`. Default: the policy's grace period. */
  readonly graceFor?: string | undefined
  /** The address and user agent to record in the token's history. Default: none. */
  readonly originOf?: ((ctx: KoaContextWithOIDC) => Origin) | undefined
}

/**
 * From now on, what this provider's token endpoint hands out are API tokens: their owner is the account, `issuedTo` the
 * client's id, their scopes those the person consented to, and their lifetime the policy's, but at most the grant's.
 *
 * - A code issues a token. A refresh rotates that token: same id, new secret, and again the lifetime it was issued with,
 *   unless its owner shortened it. If it has expired, the refresh issues a successor with the scopes it had. If it was
 *   revoked, the refresh is `invalid_grant`, and the grant ends.
 * - If the client sends a DPoP proof, the token is bound to its key. A refresh needs the same key, even for confidential
 *   clients, whose refresh tokens aren't bound.
 * - Introspection and revocation of the provider know the tokens it issued. Revoking one ends its grant.
 * - A grant has one token. Use `oauthConfiguration`, or a `loadExistingGrant` that gives each authorization its own grant.
 *
 * The adapter stores which token belongs to which grant, never a plaintext. Call it once per provider, before it handles
 * requests.
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type.
 */
export const issueApiTokens = (provider: Provider, options: IssuingOptions): void => {
  checkOptions("issueApiTokens", options, optionRules, { required: ["tokens"] })
  Object.defineProperty(provider, "AccessToken", { value: accessTokenOf(provider, options) })
  consumeOnce(provider)
  describeScopes(provider, options.tokens.catalogue.scopes)
}

const optionRules: OptionRules<IssuingOptions> = {
  tokens: [(value) => typeof value === "object" && value !== null, "write tokens: await createApiTokens({ … })"],
  graceFor: [isText, 'write a duration, as in graceFor: "10 minutes"'],
  originOf: [(value) => typeof value === "function", "write originOf: (ctx) => ({ address: ctx.ip })"],
}

const accessTokenOf = (provider: Provider, { tokens, graceFor, originOf = () => ({}) }: IssuingOptions) => {
  const granted = new GrantedTokens(provider)

  /** What the library keeps in its own class of this name, which is also the name of the adapter's model. */
  class AccessToken extends provider.AccessToken {
    override async save(): Promise<string> {
      const ctx = contextOf(this.grantId)
      if (this["x5t#S256"] !== undefined) {
        throw new errors.InvalidRequest("tokens bound to a certificate are not supported")
      }
      try {
        const { plaintext, token } = await issueOrRotate(ctx, this)
        await ctx.oidc.entities.RotatedRefreshToken?.consume()
        this.jti = token.id
        this.iat = secondsOf(token.createdAt.getTime())
        this.exp = secondsOf(token.expiresAt?.getTime() ?? 0)
        this.scope = token.scopes.join(" ")
        // The `expires_in` of the response.
        Object.assign(this, { expiresIn: this.exp - secondsOf(Date.now()) })
        this.emit("issued")
        return plaintext
      } catch (error) {
        throw oauthErrorOf(error)
      }
    }

    override async destroy(): Promise<void> {
      await tokens.revoke({ id: this.jti, ownedBy: this.accountId, reason: "revoked by the app" })
      this.emit("destroyed")
    }

    static override async find<T>(this: new (...args: Array<never>) => T, value: string): Promise<T | undefined> {
      const presented = await tokens.inspect(value)
      if (!presented.accepted) return undefined
      const { tokenId: id, ownedBy, scopes, boundTo } = presented.caller
      const grant = await granted.ofToken(id)
      if (grant === undefined) return undefined
      const token = await tokens.find({ id, ownedBy })
      const properties = {
        jti: id,
        kind: "AccessToken",
        accountId: ownedBy,
        clientId: token.issuedTo,
        grantId: grant.grantId,
        scope: scopes.join(" "),
        iat: secondsOf(token.createdAt.getTime()),
        exp: token.expiresAt === null ? undefined : secondsOf(token.expiresAt.getTime()),
        ...(boundTo !== null && { jkt: boundTo }),
      }
      return Reflect.construct(this, [properties]) as T
    }

    /** The grant goes first: a token that is being issued at this moment then finds it gone, and is revoked. */
    static override async revokeByGrantId(grantId: string): Promise<void> {
      await provider.Grant.adapter.destroy(grantId)
      const record = await granted.ofGrant(grantId)
      if (record !== undefined) {
        const { tokenId: id, accountId: ownedBy } = record
        await tokens.revoke({ id, ownedBy, reason: "the app's access ended" }).catch(ignoreIfGone)
      }
      await granted.forget(grantId)
    }
  }

  type Token = InstanceType<typeof AccessToken>

  const issueOrRotate = async (ctx: KoaContextWithOIDC, of: Token) => {
    const { grantId, accountId, clientId = "", scope = "" } = of
    const grantEnds = new Date((ctx.oidc.entities.Grant?.exp ?? 0) * 1000)
    const record = await granted.ofGrant(grantId)
    if (record !== undefined && !of.gty.endsWith("refresh_token")) {
      throw new Error(
        "The grant has a token already. Give each authorization its own grant, as oauthConfiguration does",
      )
    }
    const issued =
      record === undefined
        ? await issue(ctx, of, scope.split(" ").filter(Boolean))
        : await renew(ctx, of, record.tokenId, record.lifetime)
    const token = await endedWithGrant(issued.token, grantEnds)
    if (record?.tokenId !== token.id) {
      const lifetime = record?.lifetime ?? (token.expiresAt ?? grantEnds).getTime() - Date.now()
      await granted.remember({ grantId, tokenId: token.id, accountId, clientId, lifetime }, grantEnds)
    }
    // Consent may have been withdrawn meanwhile.
    if ((await provider.Grant.adapter.find(grantId)) === undefined) {
      await AccessToken.revokeByGrantId(grantId)
      throw new errors.InvalidGrant("the grant has ended")
    }
    return { plaintext: issued.plaintext, token }
  }

  const issue = async (ctx: KoaContextWithOIDC, of: Token, scopes: ReadonlyArray<string>) => {
    const { accountId, clientId = "", jkt: boundTo } = of
    const request = {
      ownedBy: accountId,
      scopes,
      issuedTo: clientId,
      ...(boundTo !== undefined && { boundTo }),
      by: { actor: { kind: "person", id: accountId }, origin: originOf(ctx) },
    } as const
    return tokens.issue({ ...request, name: nameOf(of) }).catch((error: unknown) => {
      if (!isAboutName(error)) throw error
      return tokens.issue({ ...request, name: "App" })
    })
  }

  /** Rotates the grant's token, or issues its successor if it has expired. */
  const renew = async (ctx: KoaContextWithOIDC, of: Token, id: string, lifetime: number) => {
    const own = { id, ownedBy: of.accountId }
    const token = await tokens.find(own)
    const requested: ReadonlyArray<string> = tokens.catalogue.close((of.scope ?? "").split(" ").filter(Boolean))
    if (!token.scopes.every((scope) => requested.includes(scope))) {
      throw new errors.InvalidScope(
        "a refresh keeps the token's scopes: ask for all of them, or leave the parameter out",
        token.scopes.join(" "),
      )
    }
    if (token.boundTo !== (of.jkt ?? null)) {
      throw new errors.InvalidGrant("a refresh can't change the key that the token is bound to")
    }
    const isShortened = token.history.some(({ kind }) => kind === "shortened")
    const hasExpired = token.expiresAt !== null && token.expiresAt.getTime() <= Date.now()
    if (token.revokedAt !== null || (isShortened && hasExpired)) {
      await AccessToken.revokeByGrantId(of.grantId)
      throw new errors.InvalidGrant("the access token was revoked")
    }
    if (hasExpired) return issue(ctx, of, token.scopes)
    const by = { actor: { kind: "token", id }, origin: originOf(ctx) } as const
    const rotation = { ...own, by, ...(graceFor !== undefined && { graceFor }) }
    if (isShortened) return tokens.rotate(rotation)
    const expiresAt = new Date(Date.now() + lifetime)
    return tokens.rotate({ ...rotation, expiresAt }).catch((error: unknown) => {
      // The policy was tightened: the token keeps what it has.
      if (error instanceof PolicyViolation) return tokens.rotate(rotation)
      throw error
    })
  }

  /** A token never outlives its grant. */
  const endedWithGrant = async (token: TokenDetails, grantEnds: Date): Promise<TokenDetails> =>
    token.expiresAt !== null && token.expiresAt <= grantEnds
      ? token
      : tokens.edit({ id: token.id, ownedBy: token.ownedBy, expiresAt: grantEnds })

  return AccessToken
}

/** The app's name as the token's name, as far as it can be one. */
const nameOf = ({
  client,
  clientId = "",
}: {
  readonly client?: unknown
  readonly clientId?: string | undefined
}): string => {
  const { clientName } = (client ?? {}) as { readonly clientName?: string }
  const name = (clientName ?? clientId).replaceAll(/\p{C}/gu, "").replaceAll(/\s+/g, " ").trim().slice(0, 100).trim()
  return name === "" ? "App" : name
}

const isAboutName = (error: unknown): boolean =>
  (error instanceof PolicyViolation || error instanceof InvalidInput) &&
  error.issues.every(({ path: [field] }) => field === "name")

const contextOf = (grantId: string): KoaContextWithOIDC => {
  const ctx = Provider.ctx
  if (ctx?.oidc.entities.Grant?.jti !== grantId) {
    throw new Error("Access tokens are only issued by a provider's token endpoint, for a grant")
  }
  return ctx
}

/** What the core refuses is `invalid_grant` or `invalid_scope`. */
const oauthErrorOf = (error: unknown): unknown => {
  if (!isApiTokensError(error)) return error
  if (error._tag === "RepositoryUnavailable") return temporarilyUnavailable(error)
  return error._tag === "ScopeNotHeld" || error._tag === "PolicyViolation"
    ? new errors.InvalidScope(error.message, "", { cause: error })
    : new errors.InvalidGrant({ cause: error, detail: error._tag })
}

/** A token may be purged between two lookups. */
const ignoreIfGone = (error: unknown): void => {
  if (!isApiTokensError(error) || error._tag !== "TokenNotFound") throw error
}

/**
 * Refuses a code or refresh token that another request consumed at the same moment. For a refresh token that ends the
 * grant, since one of the two may be a thief. A code can only be redeemed by the client that has its PKCE verifier, which
 * has sent it twice: the other request succeeds.
 */
const consumeOnce = (provider: Provider): void => {
  for (const model of [provider.AuthorizationCode, provider.RefreshToken]) {
    // oxlint-disable-next-line typescript/unbound-method -- called with its own object
    const { consume } = model.prototype
    model.prototype.consume = async function (this: { readonly grantId?: string | undefined }): Promise<void> {
      try {
        await Reflect.apply(consume, this, [])
      } catch (error) {
        if (!(error instanceof AlreadyConsumed)) throw error
        if (model === provider.RefreshToken && this.grantId !== undefined) await endGrant(provider, this.grantId)
        throw new errors.InvalidGrant({ cause: error })
      }
    }
  }
  consumeLast(provider)
}

/**
 * The library consumes a refresh token before it writes anything else. If the store then fails, the client has neither the
 * old one nor a new one. So the library's own call does nothing, and `AccessToken.save` consumes the token after its last
 * write: until then, the client can repeat the refresh.
 */
const consumeLast = ({ RefreshToken }: Provider): void => {
  // oxlint-disable-next-line typescript/unbound-method -- called with its own object
  const { consume } = RefreshToken.prototype
  RefreshToken.prototype.consume = async function () {
    const { params, entities } = Provider.ctx?.oidc ?? {}
    if (params?.["grant_type"] === "refresh_token" && entities?.RotatedRefreshToken === undefined) return
    await Reflect.apply(consume, this, [])
  }
}

/** The library's own list in the metadata (RFC 8414) has `openid`, always. */
const describeScopes = (provider: Provider, scopes: ReadonlyArray<string>): void => {
  provider.use(async function describeScopes(ctx, next) {
    await next()
    const { oidc } = ctx as Partial<KoaContextWithOIDC>
    if (oidc?.route === "discovery") ctx.body = { ...(ctx.body as object), scopes_supported: scopes }
  })
}

/**
 * Ends what a person granted an app: the grant, its codes and refresh tokens are gone and its API token is revoked. A code
 * or refresh token that is being redeemed at this moment gives no token, or one that is revoked already. Idempotent.
 */
export const endGrant = async (provider: Provider, grantId: string): Promise<void> => {
  await provider.AccessToken.revokeByGrantId(grantId)
  await provider.AuthorizationCode.revokeByGrantId(grantId)
  await provider.RefreshToken.revokeByGrantId(grantId)
}

const secondsOf = (milliseconds: number): number => Math.floor(milliseconds / 1000)
