/** What introspection and revocation share, so that adapters only translate requests and responses. */
import { isApiTokensError, type Origin } from "@tokenry/core"
import type { GuardedRequest } from "../guard/Guard.ts"
import type { HttpAnswer } from "../problems/HttpAnswer.ts"
import { OAuthAnswers } from "./OAuthAnswers.ts"
import type { Form } from "./Form.ts"

/** A request to an OAuth endpoint. */
export interface OAuthRequest extends GuardedRequest {
  readonly method: string
  /** Reads the body. Only called once the caller is authenticated. */
  readonly readForm: () => Promise<Form>
  /** Where the request came from, for the token's history. */
  readonly origin?: Origin | undefined
}

export interface OAuthEndpoint {
  /** The complete response, in OAuth's own format and never cached. Rejects only with defects. */
  readonly answerTo: (request: OAuthRequest) => Promise<OAuthReply>
}

export interface OAuthReply {
  readonly answer: HttpAnswer
  /** What failed, if the store or a limiter is unavailable: for your log, never for the client. */
  readonly cause?: unknown
}

/** An endpoint for POST: other methods get 405, an outage of the store 503. */
export const oauthEndpoint = (answerToPost: (request: OAuthRequest) => Promise<OAuthReply>): OAuthEndpoint => ({
  answerTo: async (request) => {
    if (request.method !== "POST") return { answer: OAuthAnswers.methodNotAllowed(["POST"]) }
    try {
      return await answerToPost(request)
    } catch (error) {
      if (!isApiTokensError(error) || error._tag !== "RepositoryUnavailable") throw error
      return { answer: OAuthAnswers.storeUnavailable, cause: error }
    }
  },
})
