/** A token's name, scopes, state and origin, as shown on every page. */
import type { EffectiveState, TokenDetails } from "@tokenry/core/promise"
import { scopeCatalogue } from "../../scopes.ts"
import { type Html, html } from "../parts/html.ts"
import { distanceOf, momentOf } from "../parts/moments.ts"

/** Isolated, so right-to-left marks don't affect the rest of the page. Adds the id if the name isn't visible. */
export const nameOf = ({ id, name }: Pick<TokenDetails, "id" | "name">): Html =>
  isVisible(name) ? html`<bdi>${name}</bdi>` : html`<bdi>${name}</bdi>(no visible name, ${id})`

const isVisible = (text: string): boolean => /[^\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}]/u.test(text)

export const linkTo = (token: Pick<TokenDetails, "id" | "name">): Html =>
  html`<a href="${pathOf(token)}">${nameOf(token)}</a>`

export const pathOf = ({ id }: Pick<TokenDetails, "id">): string => `/settings/tokens/${id}`

/** Tokens that expire sooner than this are marked. */
const soonMilliseconds = 7 * 24 * 60 * 60 * 1000

type TokenCondition = "live" | "soon" | "expired" | "revoked"

const conditionOf = ({ revokedAt, expiresAt }: TokenDetails, now: Date): TokenCondition => {
  if (revokedAt !== null) return "revoked"
  const left = expiresAt === null ? Infinity : expiresAt.getTime() - now.getTime()
  if (left <= 0) return "expired"
  return left < soonMilliseconds ? "soon" : "live"
}

export const isLive = (token: TokenDetails, now: Date): boolean => ["live", "soon"].includes(conditionOf(token, now))

const words: Readonly<Record<TokenCondition, string>> = {
  live: "Live",
  soon: "Live, expires soon",
  expired: "Expired",
  revoked: "Revoked",
}

/**
 * A token's condition in words: its own state, or the other reason why it isn't accepted or permits
 * nothing.
 */
export const conditionMark = (token: TokenDetails, effective: EffectiveState, now: Date): Html => {
  const condition = conditionOf(token, now)
  const obstacle = effective.on === "token" ? undefined : obstacles[effective.state]
  if (obstacle !== undefined) return html`<span class="badge revoked">Not accepted: ${obstacle}</span>`
  const permitsNothing = token.scopes.length > 0 && isIdle(effective)
  return html`<span class="badge ${condition}">${words[condition]}${permitsNothing && ", permits nothing"}</span>`
}

/** What the state of an ancestor or the owner means for the token. */
const obstacles: Readonly<Record<EffectiveState["state"], string | undefined>> = {
  live: undefined,
  revoked: "a token it was minted with is revoked",
  expired: "a token it was minted with has expired",
  "owner-inactive": "the account is deactivated or deleted",
  damaged: "the record of a token it was minted with is damaged",
}

export const expiryOf = ({ expiresAt }: TokenDetails, now: Date): Html =>
  expiresAt === null ? html`Never` : html`${momentOf(expiresAt)} (${distanceOf(expiresAt, now)})`

/** A list of scopes, with the reason if one grants nothing. */
export const scopesOf = (scopes: ReadonlyArray<string>, effective?: EffectiveState): Html =>
  scopes.length === 0
    ? html`None: it only proves identity`
    : html`<ul class="scopes">
          ${scopes.map((scope) => {
            const why = whyNothing(scope, effective)
            return html`<li class="scope">${scope}${why !== undefined && html` <span class="hint">${why}</span>`}</li>`
          })}
        </ul>
        ${isIdle(effective) && html`<p class="hint">None of them grants anything now.</p>`}`

const isIdle = (effective: EffectiveState | undefined): boolean =>
  effective?.state === "live" && effective.scopes.length === 0

/** Why a scope grants nothing; `undefined` if it grants something. */
export const whyNothing = (scope: string, effective: EffectiveState | undefined): string | undefined => {
  if (scopeCatalogue.undeclared([scope]).length > 0) return "no longer declared, grants nothing"
  const withheld = effective?.withheld.find((missing) => missing.scope === scope)
  if (withheld === undefined) return undefined
  return withheld.on === "owner"
    ? "withheld: the account doesn't have it"
    : "withheld: a token it was minted with doesn't have it"
}

/** The key it is bound to. */
export const boundToOf = (boundTo: string): Html =>
  boundTo === "first-key"
    ? html`The key of the first app that uses it`
    : html`The app's key <code>${boundTo}</code>. A copy of the token is refused without it`

/** Where it was issued from, if known and still remembered: a history drops its oldest changes first. */
export const issuedFrom = ({ history, issuedTo, ancestors }: TokenDetails): Html => {
  const origin = history.find(({ kind }) => kind === "issued")?.origin
  return html`${origin?.address ?? "Not known"}${ancestors.length > 0 && ", with another token"}${
    issuedTo !== null && html`, for <bdi>${issuedTo}</bdi>`
  }${origin?.userAgent !== undefined && html` <span class="hint"><bdi>${shortened(origin.userAgent)}</bdi></span>`}`
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text)
