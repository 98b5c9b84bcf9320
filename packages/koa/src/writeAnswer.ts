/** Writes an answer of `@tokenry/http` to Koa's response. */
import type { HttpAnswer } from "@tokenry/http"
import type { ParameterizedContext } from "koa"

/** The few members of Koa's context that writing an answer needs. */
export type AnswerableContext = Pick<ParameterizedContext, "status" | "body" | "set" | "vary">

/**
 * Makes the answer the response: its status, its body, its headers in place of those of the same name, and its `Vary`
 * in addition to what the response varies on already. Other headers stay.
 */
export const writeAnswer = (ctx: AnswerableContext, { status, headers, body }: HttpAnswer): void => {
  ctx.status = status
  for (const [name, value] of Object.entries(headers)) {
    if (name === "Vary") ctx.vary(value)
    else ctx.set(name, value)
  }
  ctx.body = body
}
