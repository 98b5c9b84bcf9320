/** Pages for people, which aren't part of the API or its description. */
import { Router } from "@koa/router"
import { exactPaths } from "../http/routing.ts"
import type Koa from "koa"
import type Provider from "oidc-provider"
import type { Services } from "../Services.ts"
import { accountPages } from "./accounts.ts"
import { connectedAppsPages, everyonesAppsPages } from "./apps/connectedApps.ts"
import { consentPages } from "./apps/consent.ts"
import { seeOther } from "./parts/answerPage.ts"
import { atPublicUrl } from "./parts/atPublicUrl.ts"
import { assetRoutes } from "./assets.ts"
import { issuingPages } from "./tokens/issuing.ts"
import { admin, fromThisSite, type PageState, person } from "./sign-in/person.ts"
import { revokingPages } from "./tokens/revoking.ts"
import { rotatingPages } from "./tokens/rotating.ts"
import { signInPages } from "./sign-in/signIn.ts"
import { tokenListPages } from "./tokens/tokenList.ts"
import { tokenPages } from "./tokens/tokenPage.ts"

export const pageRoutes = (services: Services, provider: Provider): ReadonlyArray<Koa.Middleware> => {
  const assets = new Router<PageState>(exactPaths)
  assetRoutes(assets)

  const open = new Router<PageState>(exactPaths)
  open.use(atPublicUrl(services), fromThisSite(services))
  open.get("/", (ctx) => seeOther(ctx, "/settings/tokens"))
  signInPages(open, services)

  const own = new Router<PageState>(exactPaths)
  own.use(atPublicUrl(services), fromThisSite(services), person(services))
  tokenListPages(own, services)
  issuingPages(own, services)
  revokingPages(own, services)
  rotatingPages(own, services)
  tokenPages(own, services)
  consentPages(own, services, provider)
  connectedAppsPages(own, services, provider)

  const administration = new Router<PageState>(exactPaths)
  administration.use(atPublicUrl(services), fromThisSite(services), person(services), admin)
  everyonesAppsPages(administration, services, provider)
  accountPages(administration, services)

  return [assets, open, own, administration].flatMap(
    (router) => [router.routes(), router.allowedMethods()] as Array<Koa.Middleware>,
  )
}
