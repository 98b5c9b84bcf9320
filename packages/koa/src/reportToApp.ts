/** Tells the application of an error that is answered already. */
import type { ParameterizedContext } from "koa"

/**
 * Koa's own way: the `error` event, which Koa prints unless the application listens. Never throws: a listener that
 * fails must not change the answer.
 */
export const reportToApp = (thrown: unknown, ctx: Pick<ParameterizedContext, "app">): void => {
  // Koa's own listener throws at what is no Error.
  const error = thrown instanceof Error ? thrown : new Error("What was thrown is no Error", { cause: thrown })
  try {
    // An emitter without listeners throws what it is told of.
    if (ctx.app.listenerCount("error") > 0) ctx.app.emit("error", error, ctx)
  } catch (failure) {
    console.error(failure)
  }
}
