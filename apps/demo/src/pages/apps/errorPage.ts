/** Shows errors of the authorization server that can't be returned to the app, such as an unknown redirect address. */
import type { Configuration } from "oidc-provider"
import { answerPage } from "../parts/answerPage.ts"
import { html } from "../parts/html.ts"
import { pageOf } from "../parts/layout.ts"

export const renderError: NonNullable<Configuration["renderError"]> = (
  ctx,
  { error, error_description: description },
) => {
  const content = html`<h1>The app's request can't be completed</h1>
    <p>Nothing was granted. Go back to the app and start again. If that doesn't help, tell the people who run it:</p>
    <p><code>${error}</code>${description !== undefined && html`: ${description}`}</p>`
  answerPage(ctx, pageOf({ title: "Request can't be completed", account: undefined, content }), ctx.status)
}
