/** Pages that ask for confirmation before tokens are revoked, and list what else ends. */
import type { Router } from "@koa/router"
import { attributionOf } from "../../http/attribution.ts"
import type { Services } from "../../Services.ts"
import { answerPage } from "../parts/answerPage.ts"
import { readForm } from "../parts/form.ts"
import { html } from "../parts/html.ts"
import { pageOf } from "../parts/layout.ts"
import { descendantsOf, lineageOf } from "./lineage.ts"
import { seeNotice } from "../parts/notices.ts"
import type { PageState } from "../sign-in/person.ts"
import { nameOf, pathOf } from "./tokenMarks.ts"
import { idOf } from "./tokenPage.ts"

export const revokingPages = (router: Router<PageState>, services: Services): void => {
  const { tokens } = services

  router.get("/settings/tokens/revoke-all", (ctx) => {
    const title = "Revoke all your tokens?"
    const content = html`<h1>${title}</h1>
      <p>Programs that use them are refused from the next request on. This can't be undone. You stay signed in here.</p>
      <form method="post" action="/settings/tokens/revoke-all">
        <p class="actions">
          <button type="submit" class="danger">Revoke all</button> <a href="/settings/tokens">Cancel</a>
        </p>
      </form>`
    answerPage(ctx, pageOf({ title, account: ctx.state.account, content }))
  })

  router.post("/settings/tokens/revoke-all", async (ctx) => {
    await readForm(ctx)
    const count = await tokens.revokeOwnedBy({ ownedBy: ctx.state.account.id, by: attributionOf(ctx) })
    seeNotice(ctx, "/settings/tokens", count === 0 ? "none-to-revoke" : "all-revoked")
  })

  router.get("/settings/tokens/:id/revoke", async (ctx) => {
    const { account } = ctx.state
    const token = await tokens.find({ id: idOf(ctx), ownedBy: account.id })
    const lineage = await lineageOf(services, token)
    const content = html`<h1>Revoke ${nameOf(token)}?</h1>
      <p>Programs that use it are refused from the next request on. This can't be undone.</p>
      ${
        lineage.descendants.length > 0 &&
        html`<p>Tokens minted with it are revoked too:</p>
          ${descendantsOf(lineage)}`
      }
      <form method="post" action="${pathOf(token)}/revoke">
        <p class="actions">
          <button type="submit" class="danger">Revoke</button> <a href="${pathOf(token)}">Cancel</a>
        </p>
      </form>`
    answerPage(ctx, pageOf({ title: "Revoke a token", account, content }))
  })

  router.post("/settings/tokens/:id/revoke", async (ctx) => {
    await readForm(ctx)
    const own = { id: idOf(ctx), ownedBy: ctx.state.account.id }
    const { revision } = await tokens.find(own)
    const revoked = await tokens.revoke({ ...own, by: attributionOf(ctx) })
    seeNotice(ctx, pathOf(own), revoked.revision === revision ? "already-revoked" : "revoked")
  })
}
