/** A token's own page: what it is, its history, and the forms that change it. */
import type { Router } from "@koa/router"
import type { TokenDetails, TokenUsage } from "@tokenry/core/promise"
import { attributionOf } from "../../http/attribution.ts"
import { found, HttpError } from "../../http/HttpError.ts"
import { takeDraft } from "../../http/sessions.ts"
import { scopeCatalogue } from "../../scopes.ts"
import type { Services } from "../../Services.ts"
import { answerPage } from "../parts/answerPage.ts"
import { readExpiry } from "./expiryChoice.ts"
import { errorSummary, type FieldErrors, noErrors, readForm } from "../parts/form.ts"
import { type Html, html } from "../parts/html.ts"
import { pageOf } from "../parts/layout.ts"
import { lineageOf, lineageSection } from "./lineage.ts"
import { distanceOf, momentOf } from "../parts/moments.ts"
import { type Notice, noticeOf, seeNotice } from "../parts/notices.ts"
import type { PageContext, PageState } from "../sign-in/person.ts"
import { refusal } from "./refusal.ts"
import { changeForms } from "./tokenChanges.ts"
import { historySection, retiringOf, secretsSection } from "./tokenHistory.ts"
import { boundToOf, conditionMark, expiryOf, isLive, issuedFrom, nameOf, pathOf } from "./tokenMarks.ts"
import { usedScopesSection } from "./usedScopes.ts"

export const tokenPages = (router: Router<PageState>, services: Services): void => {
  const { tokens } = services

  router.get("/settings/tokens/:id", async (ctx) => {
    const draft = takeDraft(ctx)
    answerPage(ctx, await tokenPage(ctx, services, { errors: noErrors, form: draft ?? new URLSearchParams() }))
  })

  router.post("/settings/tokens/:id", async (ctx) => {
    const form = await readForm(ctx)
    const own = { id: idOf(ctx), ownedBy: ctx.state.account.id, by: attributionOf(ctx) }
    const expiry = readExpiry(form)
    const retry = async (errors: FieldErrors) => answerPage(ctx, await tokenPage(ctx, services, { errors, form }), 422)

    const changes: Readonly<Record<string, readonly [Notice, () => Promise<TokenDetails>]>> = {
      rename: ["renamed", () => tokens.edit({ ...own, name: form.get("name") ?? "" })],
      narrow: ["narrowed", () => tokens.edit({ ...own, scopes: scopeCatalogue.requested(form.getAll("scopes")) })],
      shorten: ["shortened", () => tokens.edit({ ...own, ...(typeof expiry === "string" ? {} : expiry) })],
      "end-grace": ["grace-ended", () => tokens.endGrace(own)],
    }
    const wanted = form.get("do") ?? ""
    const change = Object.hasOwn(changes, wanted) ? changes[wanted] : undefined
    if (change === undefined) throw new HttpError(400, "The form is incomplete. Open the page again.")
    if (wanted === "shorten" && typeof expiry === "string") return retry({ expiry })
    const [notice, make] = change
    const before = await tokens.find({ id: own.id, ownedBy: own.ownedBy })
    const changed = await make().then((token) => ({ _tag: "Changed", token }) as const, refusal)
    if (changed._tag === "Refused") return retry(changed.errors)
    seeNotice(ctx, pathOf(own), isDifferent(before, changed.token) ? notice : "unchanged")
  })
}

/** Whether a form of the page changed anything. */
const isDifferent = (before: TokenDetails, after: TokenDetails): boolean => {
  const now = new Date()
  const changeable = (token: TokenDetails) =>
    JSON.stringify([token.name, token.scopes.toSorted(), token.expiresAt, retiringOf(token, now).length])
  return changeable(before) !== changeable(after)
}

export const idOf = (ctx: PageContext): string => String((ctx["params"] as Record<string, string>)["id"])

/** A submitted form, to be corrected or sent again. */
interface Sent {
  readonly errors: FieldErrors
  readonly form: URLSearchParams
}

const tokenPage = async (ctx: PageContext, services: Services, sent: Sent): Promise<Html> => {
  const { account } = ctx.state
  const token = await services.tokens.find({ id: idOf(ctx), ownedBy: account.id })
  const [usages, states, lineage] = await Promise.all([
    services.tokens.usageOf([token]),
    services.tokens.effectiveStatesOf([token]),
    lineageOf(services, token),
  ])
  const [usage, effective] = [usages?.[0], found(states[0])]
  const now = new Date()
  const content = html`<p><a href="/settings/tokens">Your tokens</a></p>
    <div class="head">
      <h1>${nameOf(token)}</h1>
      ${conditionMark(token, effective, now)}
    </div>
    ${errorSummary(sent.errors)} ${factsOf(token, usage, now)} ${isLive(token, now) && actionsOf(token, usage, now)}
    ${usedScopesSection(token, usage, effective, isLive(token, now))} ${secretsSection(token, usage)}
    ${lineageSection(lineage)} ${isLive(token, now) && changeForms(token, sent, now)}
    ${historySection(token, account.id)}`
  const hasErrors = sent.errors !== noErrors
  return pageOf({ title: token.name, account, notice: noticeOf(ctx), hasErrors, content })
}

const factsOf = (token: TokenDetails, usage: TokenUsage | undefined, now: Date): Html => {
  const { lastUsedAt = null, lineageUsedAt = null } = usage ?? {}
  return html`<dl class="facts card">
    <div>
      <dt>Created</dt>
      <dd>${distanceOf(token.createdAt, now)}</dd>
    </div>
    <div>
      <dt>Last used</dt>
      <dd>${lastUsedAt === null ? "Never" : distanceOf(lastUsedAt, now)}</dd>
    </div>
    ${
      lineageUsedAt !== null &&
      html`<div>
        <dt>What it minted was last used</dt>
        <dd>${distanceOf(lineageUsedAt, now)}</dd>
      </div>`
    }
    <div>
      <dt>Expires</dt>
      <dd>${expiryOf(token, now)}</dd>
    </div>
    <div>
      <dt>Issued from</dt>
      <dd>${issuedFrom(token)}</dd>
    </div>
    ${
      token.boundTo !== null &&
      html`<div>
        <dt>Only usable with</dt>
        <dd>${boundToOf(token.boundTo)}</dd>
      </div>`
    }
    <div>
      <dt>Id</dt>
      <dd><code>${token.id}</code></dd>
    </div>
    <div>
      <dt>Looks like</dt>
      <dd><code>${token.hint}</code></dd>
    </div>
    ${
      token.revokedAt !== null &&
      html`<div>
        <dt>Revoked</dt>
        <dd>${distanceOf(token.revokedAt, now)}: <bdi>${token.revocationReason}</bdi></dd>
      </div>`
    }
  </dl>`
}

const actionsOf = (token: TokenDetails, usage: TokenUsage | undefined, now: Date): Html => {
  const retiring = retiringOf(token, now)
  const lastUses = retiring.flatMap(
    ({ generation }) => usage?.secrets.find((secret) => secret.generation === generation)?.lastUsedAt ?? [],
  )
  const [lastUse] = lastUses.sort(latestFirst)
  const [lastEnd] = retiring.flatMap(({ graceEnds }) => graceEnds ?? []).sort(latestFirst)
  return html`<p class="actions">
      <a class="button" href="${pathOf(token)}/rotate">New secret</a>
      <a class="button danger" href="${pathOf(token)}/revoke">Revoke</a>
    </p>
    ${
      retiring.length > 0 &&
      html`<form class="warning" method="post" action="${pathOf(token)}">
        <p>
          ${retiring.length === 1 ? "The replaced secret is" : "Replaced secrets are"} still
          accepted${lastEnd && html`, until ${momentOf(lastEnd)}`}. Last use:
          ${lastUse === undefined ? "never" : distanceOf(lastUse, now)}.
        </p>
        <p><button type="submit" name="do" value="end-grace" class="danger">End it now</button></p>
      </form>`
    }`
}

const latestFirst = (left: Date, right: Date): number => right.getTime() - left.getTime()
