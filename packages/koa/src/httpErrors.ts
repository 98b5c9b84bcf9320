/** Turns the core's errors into Koa's conventions, for applications that have an error handler of their own. */
import { httpErrorOf } from "@tokenry/http"
import type { Middleware } from "koa"

/**
 * Middleware that converts use case errors to ones with `status`, `expose` and `headers`, which Koa and the usual
 * `ctx.status = error.status ?? 500` understand: 400, 403, 404, 409, 412, 422 and 503. `error.code` is the stable code
 * (`PolicyViolation`), `error.issues` lists the problems with an input, and the core error is the `cause`. Put it
 * inside your error handler. Other errors pass unchanged.
 */
export const httpErrors = (): Middleware<unknown, unknown> => rethrowing

const rethrowing: Middleware<unknown, unknown> = async function httpErrors(_ctx, next) {
  try {
    await next()
  } catch (error) {
    throw httpErrorOf(error)
  }
}
