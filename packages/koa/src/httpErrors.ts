/** Turns the core's errors into Koa's conventions, for applications that have an error handler of their own. */
import { httpErrorOf } from "@tokenry/http"
import type { Middleware } from "koa"

/**
 * Middleware that rethrows what the use cases fail with as errors with `status`, `expose` and `headers`, which Koa and the
 * usual `ctx.status = error.status ?? 500` understand: 400, 403, 404, 409, 412, 422 and 503. `error.code` is the stable
 * code (`PolicyViolation`), `error.issues` lists what is wrong with an input, and the error of the core is the `cause`.
 * Put it inside your error handler. Every other error passes unchanged.
 */
export const httpErrors = (): Middleware<unknown, unknown> => converting

const converting: Middleware<unknown, unknown> = async (_ctx, next) => {
  try {
    await next()
  } catch (error) {
    throw httpErrorOf(error)
  }
}
