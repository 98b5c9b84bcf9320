/** The list of a person's tokens: live ones first, then dead ones, each paginated separately. */
import type { Router } from "@koa/router"
import type { EffectiveState, PromiseApiTokens, TokenDetails, TokenUsage } from "@tokenry/core/promise"
import type { Services } from "../../Services.ts"
import { answerPage } from "../parts/answerPage.ts"
import { type Html, html } from "../parts/html.ts"
import { pageOf } from "../parts/layout.ts"
import { distanceOf } from "../parts/moments.ts"
import { noticeOf } from "../parts/notices.ts"
import type { PageContext, PageState } from "../sign-in/person.ts"
import { conditionMark, expiryOf, issuedFrom, linkTo, scopesOf } from "./tokenMarks.ts"

export const tokenListPages = (router: Router<PageState>, { tokens }: Services): void => {
  router.get("/settings/tokens", async (ctx) => {
    const { account } = ctx.state
    const lists = await listsOf(ctx, tokens, account.id)
    const content = html`<div class="head">
        <h1>Your tokens</h1>
        <p class="actions"><a class="button" href="/settings/tokens/new">New token</a></p>
      </div>
      ${isEmpty(lists) ? emptyState : tokenLists(lists, "/settings/tokens", linkTo)}
      ${lists.live.entries.length > 0 && html`<p class="actions"><a class="button danger" href="/settings/tokens/revoke-all">Revoke all</a></p>`}`
    answerPage(ctx, pageOf({ title: "Your tokens", path: "/settings/tokens", account, notice: noticeOf(ctx), content }))
  })
}

interface Entry {
  readonly token: TokenDetails
  readonly usage: TokenUsage | undefined
  readonly effective: EffectiveState
}

interface TokenList {
  readonly entries: ReadonlyArray<Entry>
  readonly nextCursor: string | null
  /** The cursor this page starts at; `undefined` for the first page. */
  readonly cursor: string | undefined
}

export interface TokenLists {
  readonly live: TokenList
  readonly dead: TokenList
}

const [livePerPage, deadPerPage] = [20, 10] as const

/** The requested pages of an owner's tokens, in a fixed number of queries. */
export const listsOf = async (
  { query }: Pick<PageContext, "query">,
  tokens: PromiseApiTokens,
  ownedBy: string,
): Promise<TokenLists> => {
  const [liveCursor, deadCursor] = [cursorIn(query["live"]), cursorIn(query["dead"])]
  const [live, dead] = await Promise.all([
    tokens.list({ ownedBy, state: "live", limit: livePerPage, cursor: liveCursor }),
    tokens.list({ ownedBy, state: "dead", limit: deadPerPage, cursor: deadCursor }),
  ])
  const all = [...live.items, ...dead.items]
  const [usages, states] =
    all.length === 0 ? [[], []] : await Promise.all([tokens.usageOf(all), tokens.effectiveStatesOf(all)])
  const entries = states.flatMap((effective, index) => {
    const token = all[index]
    return token === undefined ? [] : [{ token, usage: usages?.[index], effective }]
  })
  const liveCount = live.items.length
  return {
    live: { entries: entries.slice(0, liveCount), nextCursor: live.nextCursor, cursor: liveCursor },
    dead: { entries: entries.slice(liveCount), nextCursor: dead.nextCursor, cursor: deadCursor },
  }
}

const cursorIn = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  value === undefined || value === "" ? undefined : String(value)

/** Whether the owner has no tokens at all. */
export const isEmpty = ({ live, dead }: TokenLists): boolean =>
  [live, dead].every(({ entries, cursor }) => entries.length === 0 && cursor === undefined)

/** Both lists, each paginated independently. */
export const tokenLists = ({ live, dead }: TokenLists, path: string, titleOf: (token: TokenDetails) => Html): Html => {
  const now = new Date()
  const section = (
    title: string,
    name: "live" | "dead",
    { entries, nextCursor, cursor }: TokenList,
    nothing: string,
  ) => {
    const other = name === "live" ? { dead: dead.cursor } : { live: live.cursor }
    const address = (cursor: string | undefined) => `${path}${queryOf({ ...other, [name]: cursor })}#${name}`
    return html`<section aria-labelledby="${name}">
      <h2 id="${name}">${title}</h2>
      ${
        entries.length === 0
          ? html`<p>${nothing}</p>`
          : html`<ul class="tokens">
              ${entries.map((entry) => card(entry, now, titleOf))}
            </ul>`
      }
      ${
        (nextCursor !== null || cursor !== undefined) &&
        html`<nav class="actions" aria-label="Pages: ${title}">
          ${cursor !== undefined && html`<a href="${address(undefined)}">Newest</a>`}
          ${nextCursor !== null && html`<a href="${address(nextCursor)}">Older</a>`}
        </nav>`
      }
    </section>`
  }
  const hasDead = dead.entries.length > 0 || dead.cursor !== undefined
  return html`${section("Live", "live", live, "No live tokens.")}
  ${hasDead && section("Expired and revoked", "dead", dead, "There are no more.")}`
}

const queryOf = (parameters: Readonly<Record<string, string | undefined>>): string => {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return given.length === 0 ? "" : `?${String(new URLSearchParams(given))}`
}

const card = ({ token, usage, effective }: Entry, now: Date, titleOf: (token: TokenDetails) => Html): Html => {
  const { lastUsedAt = null } = usage ?? {}
  return html`<li class="card">
    <div class="head">
      <h3>${titleOf(token)}</h3>
      ${conditionMark(token, effective, now)}
    </div>
    <dl class="facts">
      <div>
        <dt>Looks like</dt>
        <dd><code>${token.hint}</code></dd>
      </div>
      <div class="wide">
        <dt>Scopes</dt>
        <dd>${scopesOf(token.scopes, effective)}</dd>
      </div>
      <div>
        <dt>Created</dt>
        <dd>${distanceOf(token.createdAt, now)}</dd>
      </div>
      <div>
        <dt>Last used</dt>
        <dd>${lastUsedAt === null ? "Never" : distanceOf(lastUsedAt, now)}</dd>
      </div>
      <div>
        <dt>Expires</dt>
        <dd>${expiryOf(token, now)}</dd>
      </div>
      <div>
        <dt>Issued from</dt>
        <dd>${issuedFrom(token)}</dd>
      </div>
      ${
        token.revokedAt !== null &&
        html`<div>
          <dt>Revoked</dt>
          <dd>${distanceOf(token.revokedAt, now)}: <bdi>${token.revocationReason}</bdi></dd>
        </div>`
      }
    </dl>
  </li>`
}

const emptyState = html`<div class="card">
  <p>
    You have no tokens yet. A token lets a program, such as a script or a build server, work with your treasures in your
    name, without knowing your password: only with the rights that you give it, for as long as you say, and until you
    revoke it.
  </p>
  <p>Give each program its own, so that you can revoke one without stopping the others.</p>
  <p><a href="/settings/tokens/new">Issue your first token</a></p>
</div>`
