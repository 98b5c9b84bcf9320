/** Tells the application of an error that was answered already. */
import type { ParameterizedContext } from "koa"

/** Koa's own way: the `error` event, which Koa prints unless the application listens. */
export const reportToApp = (error: unknown, ctx: Pick<ParameterizedContext, "app">): void => {
  // Without a listener an emitter throws what it is told of.
  if (ctx.app.listenerCount("error") > 0) ctx.app.emit("error", error, ctx)
}
