/** Reports an error to the application after the response. */
import type { ParameterizedContext } from "koa"

/**
 * Koa's own way: the `error` event, which Koa prints unless the application listens. Never throws: a listener that
 * fails must not change the answer.
 */
export const reportToApp = (thrown: unknown, ctx: Pick<ParameterizedContext, "app">): void => {
  // Koa's own listener throws if the value isn't an Error.
  const error = thrown instanceof Error ? thrown : new Error("The thrown value is not an Error", { cause: thrown })
  try {
    // Without listeners, an emitter throws the error.
    if (ctx.app.listenerCount("error") > 0) ctx.app.emit("error", error, ctx)
  } catch (failure) {
    console.error(failure)
  }
}
