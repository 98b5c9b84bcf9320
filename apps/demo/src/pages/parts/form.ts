/** HTML forms and their errors, shown next to the fields and in a summary. */
import type Koa from "koa"
import rawBody from "raw-body"
import { HttpError } from "../../http/HttpError.ts"
import { type Html, html } from "./html.ts"

/**
 * The submitted form's fields. Fails with 415 if the body isn't a form, and 413 above 160 KiB, which leaves room to tell
 * someone who pastes 10,000 characters into a field that it is too long.
 */
export const readForm = async (ctx: Koa.Context): Promise<URLSearchParams> => {
  if (!ctx.is("application/x-www-form-urlencoded")) throw new HttpError(415, "This is not a form of this site.")
  const bytes = await rawBody(ctx.req, { length: ctx.get("Content-Length"), limit: "160kb" })
  return new URLSearchParams(bytes.toString("latin1"))
}

/** Error messages by the field's id: whole sentences. */
export type FieldErrors = Readonly<Record<string, string>>

export const noErrors: FieldErrors = {}

/** A focused summary with a link to every invalid field. Nothing if there are no errors. */
export const errorSummary = (errors: FieldErrors): Html | undefined => {
  const entries = Object.entries(errors)
  if (entries.length === 0) return undefined
  return html`<div class="errors" role="alert" tabindex="-1" autofocus aria-labelledby="errors-title">
    <h2 id="errors-title">${entries.length === 1 ? "One field needs" : `${entries.length} fields need`} correcting</h2>
    <ul>
      ${entries.map(([id, sentence]) => html`<li><a href="#${id}">${sentence}</a></li>`)}
    </ul>
  </div>`
}

/** The error message next to this field. */
export const fieldError = (errors: FieldErrors, id: string): Html | undefined => {
  const sentence = errors[id]
  return sentence === undefined ? undefined : html`<p class="error" id="${id}-error">${sentence}</p>`
}

/** Attributes that mark an invalid field, and link it to its hint (if any) and its error. */
export const describedBy = (errors: FieldErrors, id: string, hint?: string): Html => {
  const isWrong = errors[id] !== undefined
  const ids = [hint, isWrong && `${id}-error`].filter((id) => typeof id === "string")
  return html`${isWrong && html` aria-invalid="true"`}${ids.length > 0 && html` aria-describedby="${ids.join(" ")}"`}`
}
