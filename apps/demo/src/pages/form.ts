/** Forms as browsers send them, and what is wrong with them, beside the fields and all together above. */
import type Koa from "koa"
import rawBody from "raw-body"
import { HttpError } from "../http/HttpError.ts"
import { type Html, html } from "./html.ts"

/**
 * The fields of the form that was sent. Fails with 415 if there is none, and 413 above 160 KiB, which leaves room to
 * tell somebody who pastes 10,000 characters into a field that these are too many.
 */
export const readForm = async (ctx: Koa.Context): Promise<URLSearchParams> => {
  if (!ctx.is("application/x-www-form-urlencoded")) throw new HttpError(415, "This is not a form of this site.")
  const bytes = await rawBody(ctx.req, { length: ctx.get("Content-Length"), limit: "160kb" })
  return new URLSearchParams(bytes.toString("latin1"))
}

/** What is wrong, by the id of the field: whole sentences. */
export type FieldErrors = Readonly<Record<string, string>>

export const noErrors: FieldErrors = {}

/** All that is wrong, with the focus on it, each a link to its field. Nothing if nothing is wrong. */
export const errorSummary = (errors: FieldErrors): Html | undefined => {
  const entries = Object.entries(errors)
  if (entries.length === 0) return undefined
  return html`<div class="errors" role="alert" tabindex="-1" autofocus aria-labelledby="errors-title">
    <h2 id="errors-title">
      ${entries.length === 1 ? "One thing has" : `${entries.length} things have`} to be corrected
    </h2>
    <ul>
      ${entries.map(([id, sentence]) => html`<li><a href="#${id}">${sentence}</a></li>`)}
    </ul>
  </div>`
}

/** What is wrong with this field, to stand beside it. */
export const fieldError = (errors: FieldErrors, id: string): Html | undefined => {
  const sentence = errors[id]
  return sentence === undefined ? undefined : html`<p class="error" id="${id}-error">${sentence}</p>`
}

/** The attributes by which a field is known as wrong, and described by its hint (if it has one) and its error. */
export const describedBy = (errors: FieldErrors, id: string, hint?: string): Html => {
  const isWrong = errors[id] !== undefined
  const ids = [hint, isWrong && `${id}-error`].filter((id) => typeof id === "string")
  return html`${isWrong && html` aria-invalid="true"`}${ids.length > 0 && html` aria-describedby="${ids.join(" ")}"`}`
}
