/** Writes a response of `@tokenry/http` to Koa's response. */
import type { HttpAnswer } from "@tokenry/http"
import type { ParameterizedContext } from "koa"

/** The few members of Koa's context that writing an answer needs. */
export type AnswerableContext = Pick<ParameterizedContext, "status" | "body" | "set" | "vary">

/**
 * Sends the response: its status and body, its headers (replacing those of the same name), and its `Vary` in addition
 * to the current one. Other headers stay.
 */
export const writeAnswer = (ctx: AnswerableContext, { status, headers, body }: HttpAnswer): void => {
  ctx.status = status
  setHeadersOf(ctx, headers)
  ctx.body = body
}

export const setHeadersOf = (ctx: Pick<AnswerableContext, "set" | "vary">, headers: HttpAnswer["headers"]): void => {
  for (const [name, value] of Object.entries(headers)) {
    if (name === "Vary") ctx.vary(value)
    else ctx.set(name, value)
  }
}

/** Does what `ctx.vary` does, at a tenth of the cost if nothing varies yet. */
export const addVary = (ctx: Pick<ParameterizedContext, "res" | "vary">, field: string): void => {
  if (ctx.res.hasHeader("Vary")) ctx.vary(field)
  else ctx.res.setHeader("Vary", field)
}
