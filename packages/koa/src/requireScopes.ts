/** Lets only callers pass who have all of the scopes that a route requires. */
import { Scope } from "@tokenry/core"
import type { Middleware } from "koa"
import type { CallerState } from "./bearer.ts"
import { passageOf } from "./passage.ts"
import { writeAnswer } from "./writeAnswer.ts"

/**
 * Middleware for after `bearer`: answers 403 `insufficient_scope` with all these scopes in the challenge if the caller
 * lacks one of them. Scopes that the token's own imply count. That they were exercised is noted in the record of uses.
 *
 * A request that no `bearer` let pass makes it throw an Error.
 *
 * @throws Error when made: if no scope is given, or one is not an RFC 6749 scope-token.
 */
export const requireScopes = (...scopes: ReadonlyArray<string>): Middleware<CallerState, unknown> => {
  if (scopes.length === 0) {
    throw new Error("requireScopes: name at least one scope; for any valid token, bearer alone is enough")
  }
  const illegal = scopes.find((scope) => !Scope.is(scope))
  if (illegal !== undefined) {
    throw new Error(`requireScopes: ${JSON.stringify(illegal)} is not an RFC 6749 scope-token`)
  }
  return async function requireScopes(ctx, next) {
    const passage = passageOf(ctx.state)
    if (passage === undefined) throw new Error("requireScopes has to come after bearer, which says who calls")
    const { caller } = ctx.state
    if (!scopes.every((scope) => caller.scopes.includes(scope))) {
      return writeAnswer(ctx, passage.answers.insufficientScope(scopes))
    }
    passage.tokens.exercised?.(caller, scopes)
    return next()
  }
}
