/** The apps a person gave access to, and, for an admin, those anyone did: each can be disconnected. */
import type { Router } from "@koa/router"
import type { TokenUsage } from "@tokenry/core/promise"
import type Provider from "oidc-provider"
import { attributionOf } from "../../http/attribution.ts"
import { HttpError } from "../../http/HttpError.ts"
import { appsOf, type ConnectedApp, disconnect, everyonesApps } from "../../oauth/apps.ts"
import type { Services } from "../../Services.ts"
import { answerPage } from "../parts/answerPage.ts"
import { readForm } from "../parts/form.ts"
import { type Html, html } from "../parts/html.ts"
import { pageOf } from "../parts/layout.ts"
import { distanceOf } from "../parts/moments.ts"
import { noticeOf, seeNotice } from "../parts/notices.ts"
import type { PageContext, PageState } from "../sign-in/person.ts"
import { linkTo, scopesOf } from "../tokens/tokenMarks.ts"

const [own, everyones] = ["/settings/apps", "/settings/accounts/apps"] as const

export const connectedAppsPages = (router: Router<PageState>, services: Services, provider: Provider): void => {
  router.get(own, async (ctx) => {
    const { account } = ctx.state
    const apps = await appsOf(services, provider, account.id)
    const tokens = apps.flatMap((app) => app.tokens)
    const usages = tokens.length === 0 ? [] : ((await services.tokens.usageOf(tokens)) ?? [])
    const usageById = new Map(tokens.map(({ id }, index) => [id, usages[index]]))
    const now = new Date()
    const content = html`<h1>Connected apps</h1>
      ${apps.length === 0 && html`<p>No app has access to your account.</p>`}
      <ul class="tokens">
        ${apps.map((app) => appCard(app, usageById, now))}
      </ul>
      ${account.isAdmin && html`<p><a href="${everyones}">Apps of all accounts</a></p>`}`
    answerPage(ctx, pageOf({ title: "Connected apps", path: own, account, notice: noticeOf(ctx), content }))
  })

  router.get(`${own}/disconnect`, async (ctx) => {
    const app = clientIdIn(ctx.query["app"])
    const found = (await appsOf(services, provider, ctx.state.account.id)).find(({ clientId }) => clientId === app)
    if (found === undefined) throw new HttpError(404, "Not found")
    confirm(ctx, found, own, "It is refused from the next request on, until you let it in again.")
  })

  router.post(`${own}/disconnect`, async (ctx) => {
    const clientId = clientIdIn((await readForm(ctx)).get("app"))
    const accountId = ctx.state.account.id
    const by = attributionOf(ctx)
    await disconnect(services, provider, { clientId, accountId, by, reason: "the app was disconnected" })
    seeNotice(ctx, own, "disconnected")
  })
}

/** For admins. */
export const everyonesAppsPages = (router: Router<PageState>, services: Services, provider: Provider): void => {
  router.get(everyones, async (ctx) => {
    const apps = await everyonesApps(services, provider)
    const content = html`<h1>Apps of all accounts</h1>
      ${apps.length === 0 && html`<p>No app has access to any account.</p>`}
      <ul class="tokens">
        ${apps.map(
          (app) =>
            html`<li class="card head">
              <h2><bdi>${app.name}</bdi></h2>
              <p class="hint"><bdi>${app.clientId}</bdi></p>
              <p class="actions">${disconnectLink(app, everyones)}</p>
            </li>`,
        )}
      </ul>`
    const page = { title: "Apps of all accounts", account: ctx.state.account, notice: noticeOf(ctx), content }
    answerPage(ctx, pageOf(page))
  })

  router.get(`${everyones}/disconnect`, async (ctx) => {
    const app = clientIdIn(ctx.query["app"])
    const found = (await everyonesApps(services, provider)).find(({ clientId }) => clientId === app)
    if (found === undefined) throw new HttpError(404, "Not found")
    confirm(ctx, found, everyones, "It is refused for everyone from the next request on.")
  })

  router.post(`${everyones}/disconnect`, async (ctx) => {
    const clientId = clientIdIn((await readForm(ctx)).get("app"))
    await disconnect(services, provider, { clientId, by: attributionOf(ctx), reason: "disconnected by an admin" })
    seeNotice(ctx, everyones, "disconnected")
  })
}

type App = Pick<ConnectedApp, "clientId" | "name">

/** As long as the column for `issuedTo` of a token. */
const clientIdIn = (value: string | ReadonlyArray<string> | null | undefined): string => {
  if (typeof value === "string" && value !== "" && value.length <= 255) return value
  throw new HttpError(400, "The form is incomplete. Open it again.")
}

const appCard = (app: ConnectedApp, usageById: ReadonlyMap<string, TokenUsage | undefined>, now: Date): Html =>
  html`<li class="card">
    <div class="head">
      <h2><bdi>${app.name}</bdi></h2>
      <p class="actions">${disconnectLink(app, own)}</p>
    </div>
    ${app.tokens.map((token) => {
      const lastUsedAt = usageById.get(token.id)?.lastUsedAt
      return html`<dl class="facts">
        <div>
          <dt>Token</dt>
          <dd>${linkTo(token)}</dd>
        </div>
        <div>
          <dt>Since</dt>
          <dd>${distanceOf(token.createdAt, now)}</dd>
        </div>
        <div>
          <dt>Last used</dt>
          <dd>${lastUsedAt ? distanceOf(lastUsedAt, now) : "Never"}</dd>
        </div>
        <div>
          <dt>Scopes</dt>
          <dd>${scopesOf(token.scopes)}</dd>
        </div>
      </dl>`
    })}
  </li>`

const disconnectLink = ({ clientId, name }: App, base: string): Html =>
  html`<a href="${base}/disconnect?app=${encodeURIComponent(clientId)}"
    >Disconnect<span class="unseen"> ${name}</span></a
  >`

const confirm = (ctx: PageContext, { clientId, name }: App, base: string, consequence: string): void => {
  const title = `Disconnect ${name}?`
  const content = html`<h1>Disconnect <bdi>${name}</bdi>?</h1>
    <p>${consequence} All its tokens are revoked.</p>
    <form method="post" action="${base}/disconnect">
      <input type="hidden" name="app" value="${clientId}" />
      <p class="actions"><button type="submit" class="danger">Disconnect</button> <a href="${base}">Cancel</a></p>
    </form>`
  answerPage(ctx, pageOf({ title, account: ctx.state.account, content }))
}
