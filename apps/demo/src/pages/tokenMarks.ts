/** A token's name, scopes, state and whereabouts, as every page shows them. */
import type { TokenDetails } from "@tokenry/core/promise"
import { type Html, html } from "./html.ts"
import { distanceOf, momentOf } from "./moments.ts"

/** Set apart, so that marks for writing from right to left reach no further; and if nothing of it can be seen, with its id. */
export const nameOf = ({ id, name }: Pick<TokenDetails, "id" | "name">): Html =>
  isVisible(name) ? html`<bdi>${name}</bdi>` : html`<bdi>${name}</bdi>(no visible name, ${id})`

const isVisible = (text: string): boolean => /[^\p{C}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}]/u.test(text)

export const linkTo = (token: Pick<TokenDetails, "id" | "name">): Html =>
  html`<a href="${pathOf(token)}">${nameOf(token)}</a>`

export const pathOf = ({ id }: Pick<TokenDetails, "id">): string => `/settings/tokens/${id}`

/** Tokens that have less than this to live are marked. */
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

export const conditionMark = (token: TokenDetails, now: Date): Html => {
  const condition = conditionOf(token, now)
  return html`<span class="badge ${condition}">${words[condition]}</span>`
}

export const expiryOf = ({ expiresAt }: TokenDetails, now: Date): Html =>
  expiresAt === null ? html`Never` : html`${momentOf(expiresAt)} (${distanceOf(expiresAt, now)})`

export const scopesOf = (scopes: ReadonlyArray<string>): Html =>
  scopes.length === 0
    ? html`None: it says who it is, and may do nothing`
    : html`<ul class="scopes">
        ${scopes.map((scope) => html`<li class="scope">${scope}</li>`)}
      </ul>`

/** From where it was issued, as far as that is known and remembered: a history forgets its oldest changes first. */
export const issuedFrom = ({ history, issuedTo, ancestors }: TokenDetails): Html => {
  const origin = history.find(({ kind }) => kind === "issued")?.origin
  return html`${origin?.address ?? "Not known"}${ancestors.length > 0 && ", by means of another token"}${
    issuedTo !== null && html`, for <bdi>${issuedTo}</bdi>`
  }${origin?.userAgent !== undefined && html` <span class="hint"><bdi>${shortened(origin.userAgent)}</bdi></span>`}`
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text)
