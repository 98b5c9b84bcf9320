/** Lets only requests with an accepted bearer token pass, and says who calls. */
import { Scope } from "@tokenry/core"
import type { Caller, PromiseApiTokens } from "@tokenry/core/promise"
import { BearerAnswers, type BearerAnswersOptions, isCoreError, ProblemAnswers } from "@tokenry/http"
import { presentedIn, type WayBesides } from "./presentedIn.ts"
import { toResponse } from "./toResponse.ts"
import { withCachingRules } from "./withCachingRules.ts"

/** What verifies; and notes which scopes are exercised, if it can. */
export type VerifyingTokens = Pick<PromiseApiTokens, "verify"> & Partial<Pick<PromiseApiTokens, "exercised">>

export interface BearerOptions extends BearerAnswersOptions {
  /** What `createApiTokens` gives, or anything else that verifies. */
  readonly tokens: VerifyingTokens
  /**
   * Where a token may be besides the Authorization header: none unless told. `"form"` makes the guard read the body of a
   * form, of up to 64 KiB, before it answers (RFC 6750 §2.2); `"query"` lets tokens into logs and histories (§2.3).
   */
  readonly also?: ReadonlyArray<WayBesides>
  /** Is told when a store is not available, which the client sees as 503. Without it `console.error` is. */
  readonly onError?: (error: unknown, occurrence: { readonly request: Request }) => void | Promise<void>
}

/** A request that was let pass. */
export interface Passage {
  readonly caller: Caller
  /**
   * The response with what caches have to know of it: that it varies on Authorization, and that it is private if the token
   * came in the query. To be called with whatever answers the request; `protect` does.
   */
  readonly finish: (response: Response) => Response
}

/** What answers a caller; `rest` is what the runtime or framework adds, such as Next.js' route context or Workers' `env`. */
export type ProtectedHandler<In extends Request, Rest extends ReadonlyArray<unknown>> = (
  request: In,
  caller: Caller,
  ...rest: Rest
) => Response | Promise<Response>

export interface Bearer {
  /**
   * Who calls, or the response that refuses the request, which is whole. With scopes: 403 to a caller who lacks one of
   * them. Rejects if one is no scope-token, and with whatever but an outage goes wrong in verifying.
   */
  readonly authenticate: (request: Request, ...scopes: ReadonlyArray<string>) => Promise<Passage | Response>
  /**
   * The handler, run only for callers who have all of the scopes; without scopes, for all with an accepted token.
   *
   * @throws Error if one is not an RFC 6749 scope-token.
   */
  readonly protect: <In extends Request, Rest extends ReadonlyArray<unknown>>(
    handler: ProtectedHandler<In, Rest>,
    ...scopes: ReadonlyArray<string>
  ) => (request: In, ...rest: Rest) => Promise<Response>
}

/**
 * The guard of an API. A request costs one `verify`, and its body is not touched unless `also` has `"form"`. Scopes that
 * the token's own imply count; that they were exercised is noted in the record of uses.
 *
 * @throws Error if the realm is empty or not printable ASCII, or `problemBase` is not an absolute URL that ends with `/`
 *   or `#`.
 */
export const bearer = ({ tokens, also = [], onError = printError, ...options }: BearerOptions): Bearer => {
  const answers = BearerAnswers.make(options)
  const problems = ProblemAnswers.make(options)

  const authenticate: Bearer["authenticate"] = async (request, ...scopes) => {
    const presented = await presentedIn(request, also, problems)
    if ("status" in presented) return toResponse(presented)
    if (presented._tag !== "Bearer") return toResponse(answers.toCredentials(presented))
    try {
      const verification = await tokens.verify(presented.token)
      if (!verification.accepted) return toResponse(answers.toRefusal(verification.refusal))
      const { caller } = verification
      if (!scopes.every((scope) => caller.scopes.includes(scope))) {
        return toResponse(answers.insufficientScope(scopes))
      }
      if (scopes.length > 0) tokens.exercised?.(caller, scopes)
      return { caller, finish: (response) => withCachingRules(response, presented.sentIn) }
    } catch (error) {
      if (!isCoreError(error) || error._tag !== "RepositoryUnavailable") throw error
      await tell(onError, error, request)
      return toResponse(answers.storeUnavailable)
    }
  }

  return {
    authenticate,
    protect: (handler, ...scopes) => {
      const illegal = scopes.find((scope) => !Scope.is(scope))
      if (illegal !== undefined) {
        throw new Error(`protect: ${JSON.stringify(illegal)} is not an RFC 6749 scope-token`)
      }
      return async (request, ...rest) => {
        const passage = await authenticate(request, ...scopes)
        if (passage instanceof Response) return passage
        return passage.finish(await handler(request, passage.caller, ...rest))
      }
    },
  }
}

const printError = (error: unknown): void => console.error(error)

/** What goes wrong in telling must not change the answer. */
const tell = async (
  onError: NonNullable<BearerOptions["onError"]>,
  error: unknown,
  request: Request,
): Promise<void> => {
  try {
    await onError(error, { request })
  } catch (failure) {
    console.error(failure)
  }
}
