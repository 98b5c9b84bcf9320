/** An admin's pages: accounts and their tokens, which an admin can revoke but never see. */
import type { Router } from "@koa/router"
import type { TokenDetails } from "@tokenry/core/promise"
import { attributionOf } from "../http/attribution.ts"
import { found, HttpError } from "../http/HttpError.ts"
import { mayHoldToken } from "../http/tokensInText.ts"
import type { Services } from "../Services.ts"
import type { Account } from "../store/Store.ts"
import { answerPage, seeOther } from "./parts/answerPage.ts"
import { readForm } from "./parts/form.ts"
import { type Html, html } from "./parts/html.ts"
import { pageOf } from "./parts/layout.ts"
import { descendantsOf, lineageOf } from "./tokens/lineage.ts"
import { noticeOf, seeNotice } from "./parts/notices.ts"
import type { PageContext, PageState } from "./sign-in/person.ts"
import { nameOf, scopesOf } from "./tokens/tokenMarks.ts"
import { isEmpty, listsOf, tokenLists } from "./tokens/tokenList.ts"

export const accountPages = (router: Router<PageState>, services: Services): void => {
  const { store, tokens } = services

  router.get("/settings/accounts", async (ctx) => {
    const owner = String(ctx.query["owner"] ?? "").trim()
    if (mayHoldToken(owner)) throw new HttpError(400, "This is a token. Type the id of an account.")
    if (owner !== "") return seeOther(ctx, pathOf(owner))
    const accounts = await store.accounts.all()
    answerPage(
      ctx,
      pageOf({
        title: "Accounts",
        path: "/settings/accounts",
        account: ctx.state.account,
        content: accountList(accounts),
      }),
    )
  })

  router.get("/settings/accounts/:owner", async (ctx) => {
    const owner = ownerOf(ctx)
    const [account, lists] = await Promise.all([store.accounts.find(owner), listsOf(ctx, tokens, owner)])
    if (account === undefined && isEmpty(lists)) throw new HttpError(404, "Not found")
    const titleOf = (token: TokenDetails) =>
      html`${nameOf(token)}${token.revokedAt === null && html` <a href="${pathOf(owner)}/${token.id}/revoke">Revoke<span class="unseen"> ${nameOf(token)}</span></a>`}`
    const content = html`<p><a href="/settings/accounts">Accounts</a></p>
      <h1>${headingOf(account, owner)}</h1>
      ${account !== undefined && factsOf(account)}
      ${isEmpty(lists) ? html`<p>It has no tokens.</p>` : tokenLists(lists, pathOf(owner), titleOf)}
      ${!isEmpty(lists) && html`<p class="actions"><a class="button danger" href="${pathOf(owner)}/revoke-all">Revoke all of these</a></p>`}`
    const title = account?.email ?? "A deleted account"
    answerPage(ctx, pageOf({ title, account: ctx.state.account, notice: noticeOf(ctx), content }))
  })

  router.get("/settings/accounts/:owner/revoke-all", async (ctx) => {
    const owner = ownerOf(ctx)
    const account = await store.accounts.find(owner)
    const content = html`<h1>Revoke all tokens of ${headingOf(account, owner)}?</h1>
      ${confirmation(`${pathOf(owner)}/revoke-all`, owner, "Revoke all")}`
    answerPage(ctx, pageOf({ title: "Revoke all tokens of an account", account: ctx.state.account, content }))
  })

  router.post("/settings/accounts/:owner/revoke-all", async (ctx) => {
    await readForm(ctx)
    const owner = ownerOf(ctx)
    const request = { ownedBy: owner, reason: "revoked by an admin", by: attributionOf(ctx) }
    const count = await tokens.revokeOwnedBy(request)
    seeNotice(ctx, pathOf(owner), count === 0 ? "none-to-revoke" : "all-revoked")
  })

  router.get("/settings/accounts/:owner/:id/revoke", async (ctx) => {
    const owner = ownerOf(ctx)
    const [account, token] = await Promise.all([
      store.accounts.find(owner),
      tokens.find({ id: paramOf(ctx, "id"), ownedBy: owner }),
    ])
    const lineage = await lineageOf(services, token)
    const content = html`<h1>Revoke ${nameOf(token)} of ${headingOf(account, owner)}?</h1>
      ${
        lineage.descendants.length > 0 &&
        html`<p>Tokens minted with it are revoked too:</p>
          ${descendantsOf(lineage, nameOf)}`
      }
      ${confirmation(`${pathOf(owner)}/${token.id}/revoke`, owner, "Revoke")}`
    answerPage(ctx, pageOf({ title: "Revoke a token of an account", account: ctx.state.account, content }))
  })

  router.post("/settings/accounts/:owner/:id/revoke", async (ctx) => {
    await readForm(ctx)
    const owner = ownerOf(ctx)
    const request = { id: paramOf(ctx, "id"), ownedBy: owner, reason: "revoked by an admin" }
    const { revision } = await tokens.find({ id: request.id, ownedBy: owner })
    const revoked = await tokens.revoke({ ...request, by: attributionOf(ctx) })
    seeNotice(ctx, pathOf(owner), revoked.revision === revision ? "already-revoked" : "revoked")
  })
}

const paramOf = (ctx: PageContext, name: string): string =>
  found((ctx["params"] as Readonly<Record<string, string | undefined>>)[name])

const ownerOf = (ctx: PageContext): string => paramOf(ctx, "owner")

const pathOf = (owner: string): string => `/settings/accounts/${encodeURIComponent(owner.toWellFormed())}`

/** Tokens outlive their account, of which only the id is known then. */
const headingOf = (account: Account | undefined, owner: string): Html =>
  account === undefined ? html`A deleted account (<bdi>${owner}</bdi>)` : html`<bdi>${account.email}</bdi>`

const factsOf = ({ active, isAdmin, scopes }: Account): Html =>
  html`<dl class="facts card">
    <div>
      <dt>State</dt>
      <dd>${active ? "Active" : "Deactivated: its tokens are refused"}</dd>
    </div>
    <div>
      <dt>Role</dt>
      <dd>${isAdmin ? "Admin" : "Plain"}</dd>
    </div>
    <div class="wide">
      <dt>What it may do</dt>
      <dd>${scopesOf(scopes)}</dd>
    </div>
  </dl>`

const accountList = (accounts: ReadonlyArray<Account>): Html =>
  html`<h1>Accounts</h1>
    <ul class="tokens">
      ${accounts.map(
        ({ id, email, active, isAdmin }) =>
          html`<li class="card head">
            <h2>
              <a href="${pathOf(id)}"><bdi>${email}</bdi></a>
            </h2>
            <p>${isAdmin && "Admin, "}${active ? "active" : "deactivated"}</p>
          </li>`,
      )}
    </ul>
    <h2>An account that is not here</h2>
    <form method="get" action="/settings/accounts">
      <p class="field">
        <label for="owner">Its id</label>
        <input id="owner" name="owner" autocomplete="off" required aria-describedby="owner-hint" />
      </p>
      <p class="hint" id="owner-hint">Tokens outlive a deleted account. Find and revoke them by its id.</p>
      <p><button type="submit" class="quiet">Show its tokens</button></p>
    </form>`

const confirmation = (action: string, owner: string, button: string): Html =>
  html`<p>Programs that use it are refused from the next request on. This can't be undone.</p>
    <form method="post" action="${action}">
      <p class="actions">
        <button type="submit" class="danger">${button}</button> <a href="${pathOf(owner)}">Cancel</a>
      </p>
    </form>`
