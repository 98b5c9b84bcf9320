/** The page on which a person decides what an app may do on their behalf. */
import type { Router } from "@koa/router"
import type Provider from "oidc-provider"
import { errors } from "oidc-provider"
import { hasSignedInSince } from "../../http/sessions.ts"
import { consentPath } from "../../oauth/provider.ts"
import { scopeCatalogue } from "../../scopes.ts"
import type { Services } from "../../Services.ts"
import { answerPage, seeOther } from "../parts/answerPage.ts"
import { errorSummary, type FieldErrors, noErrors, readForm } from "../parts/form.ts"
import { html } from "../parts/html.ts"
import { pageOf } from "../parts/layout.ts"
import type { PageContext, PageState } from "../sign-in/person.ts"
import { passwordErrors, passwordField } from "../sign-in/recentPassword.ts"
import { scopeChoice } from "../tokens/scopeChoice.ts"
import { nameOfClient } from "../../oauth/apps.ts"

type Interaction = Awaited<ReturnType<Provider["interactionDetails"]>>

/** A link to the page is valid for an hour, in the browser that came from the app. */
export const consentPages = (router: Router<PageState>, services: Services, provider: Provider): void => {
  const path = consentPath(":uid")
  const answer = async (ctx: PageContext, result: Parameters<Provider["interactionResult"]>[2]) =>
    seeOther(ctx, await provider.interactionResult(ctx.req, ctx.res, result))

  router.get(path, async (ctx) => {
    const interaction = await interactionOf(ctx, provider)
    if (interaction === undefined) return
    if (interaction.prompt.name !== "login") return showConsent(ctx, provider, interaction)
    // The app may demand that the person enters their password, however recently they did.
    const mustSignIn = interaction.prompt.reasons.includes("login_prompt")
    if (mustSignIn && !hasSignedInSince(ctx, await demandedAt(ctx, interaction))) {
      return seeOther(ctx, `/login?next=${encodeURIComponent(ctx.path)}`)
    }
    await answer(ctx, { login: { accountId: ctx.state.account.id, remember: false } })
  })

  /** When the person was first asked for their password. The interaction's own time is in whole seconds: too coarse. */
  const demandedAt = async (ctx: PageContext, { result }: Interaction): Promise<Date> => {
    if (typeof result?.["demandedAt"] === "number") return new Date(result["demandedAt"])
    const now = Date.now()
    await provider.interactionResult(ctx.req, ctx.res, { demandedAt: now })
    return new Date(now)
  }

  router.post(path, async (ctx) => {
    const form = await readForm(ctx)
    const interaction = await interactionOf(ctx, provider)
    if (interaction === undefined) return
    if (form.get("do") !== "allow") {
      return answer(ctx, { error: "access_denied", error_description: "the person declined" })
    }
    const ofPassword = await passwordErrors(ctx, services, form)
    if (ofPassword === undefined) return
    const { requested, available } = scopesOf(ctx, interaction)
    const chosen = available.filter((scope) => form.getAll("scopes").includes(scope))
    const errors = {
      ...(chosen.length === 0 && { scopes: "Choose at least one scope, or decline." }),
      ...ofPassword,
    }
    if (Object.keys(errors).length > 0) return showConsent(ctx, provider, interaction, { errors, chosen })

    const grant = new provider.Grant({ accountId: ctx.state.account.id, clientId: clientIdOf(interaction) })
    const rejected = requested.filter((scope) => !chosen.includes(scope))
    for (const resource of [interaction.params["resource"] as string | ReadonlyArray<string>].flat()) {
      grant.addResourceScope(resource, chosen.join(" "))
      if (rejected.length > 0) grant.rejectResourceScope(resource, rejected.join(" "))
    }
    await answer(ctx, { consent: { grantId: await grant.save() } })
  })
}

/** The app's request; `undefined` if it has expired or is not this person's, and the response is already set. */
const interactionOf = async (ctx: PageContext, provider: Provider): Promise<Interaction | undefined> => {
  try {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res)
    const { session, prompt } = interaction
    if (prompt.name === "login" || session?.accountId === ctx.state.account.id) return interaction
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error
  }
  const content = html`<h1>This request has expired</h1>
    <p>Nothing was granted. Go back to the app and start again.</p>`
  answerPage(ctx, pageOf({ title: "Expired request", account: ctx.state.account, content }), 400)
  return undefined
}

const clientIdOf = ({ params }: Interaction): string => String(params["client_id"])

/** What the app asks for, and what of it the person has. */
const scopesOf = (ctx: PageContext, { params }: Interaction) => {
  const { scope } = params
  const asked = typeof scope === "string" ? scope.split(" ") : []
  const requested = scopeCatalogue.scopes.filter((scope) => asked.includes(scope))
  const held: ReadonlyArray<string> = ctx.state.principal.scopes
  return { requested, available: requested.filter((scope) => held.includes(scope)) }
}

interface Typed {
  readonly errors: FieldErrors
  readonly chosen: ReadonlyArray<string>
}

const showConsent = async (ctx: PageContext, provider: Provider, interaction: Interaction, typed?: Typed) => {
  const { account } = ctx.state
  const { requested, available } = scopesOf(ctx, interaction)
  const { errors, chosen } = typed ?? { errors: noErrors, chosen: available }
  const clientId = clientIdOf(interaction)
  const name = nameOfClient(await provider.Client.find(clientId), clientId)
  const target = new URL(String(interaction.params["redirect_uri"]))
  const content = html`<h1>Let <bdi>${name}</bdi> into your account?</h1>
    ${errorSummary(errors)}
    <p>
      An app that calls itself <strong><bdi>${name}</bdi></strong> asks for access to the account
      <bdi>${account.email}</bdi>. Nobody has checked who runs it. Afterwards you continue at
      <strong><bdi>${target.host === "" ? target.protocol : target.host}</bdi></strong
      >.
    </p>
    <form method="post" action="${ctx.path}">
      ${scopeChoice({
        legend: "What it may do",
        offered: requested,
        chosen,
        available,
        whyUnavailable: "Your account can't do this itself.",
        hint: "Take away what you don't want to allow.",
        errors,
      })}
      ${passwordField(ctx, errors)}
      <p class="hint">You can end its access at any time under Connected apps.</p>
      <p class="actions">
        <button type="submit" name="do" value="allow">Allow</button>
        <button type="submit" name="do" value="decline" class="quiet">Decline</button>
      </p>
    </form>`
  const page = pageOf({ title: `Let ${name} in`, account, hasErrors: errors !== noErrors, content })
  answerPage(ctx, page, errors === noErrors ? 200 : 422, formTargetOf(target))
}

/** The app's origin or scheme, to which the form's answer redirects. The policy has no spelling for IPv6 addresses. */
const formTargetOf = ({ protocol, host }: URL): string =>
  /^https?:$/.test(protocol) && !host.startsWith("[") ? `${protocol}//${host}` : protocol
