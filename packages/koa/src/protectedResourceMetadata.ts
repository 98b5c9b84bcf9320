/** The document that tells clients what a protected resource is (RFC 9728). */
import { ProtectedResourceMetadata, type ProtectedResourceOptions } from "@tokenry/http"
import type { Middleware } from "koa"
import { isAllowed, isAt } from "./oauthEndpoint.ts"
import { writeAnswer } from "./writeAnswer.ts"

/**
 * Middleware that answers GET and HEAD at the well-known place of the resource's metadata, which is at the top of the
 * host also for a resource with a path, and lets all else pass. Anyone may read it.
 *
 * @throws Error when made: if `resource` or `documentation` is no absolute URL, or a scope is no scope-token.
 */
export const protectedResourceMetadata = (options: ProtectedResourceOptions): Middleware<unknown, unknown> => {
  const { path, answer } = ProtectedResourceMetadata.make(options)
  return async function protectedResourceMetadata(ctx, next) {
    if (!isAt(path, ctx)) return next()
    if (isAllowed(ctx, "GET", "HEAD")) writeAnswer(ctx, answer)
  }
}
