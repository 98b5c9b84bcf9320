export {
  checkBearerOptions,
  checkIntrospectionOptions,
  checkProblemDetailsOptions,
  checkRevocationOptions,
} from "./adapterOptions.ts"
export { bearerChallenge, type BearerChallenge, type BearerError } from "./credentials/bearerChallenge.ts"
export { dpopChallenge, type DpopChallenge } from "./credentials/dpopChallenge.ts"
export { rawHeaderValues } from "./credentials/rawHeaderValues.ts"
export {
  type Credentials,
  type CredentialsFlaw,
  readBearer,
  readKeyOrBearer,
  type Schemes,
} from "./credentials/readCredentials.ts"
export type { Denial, DenialReason, Denials, Protection } from "./guard/Denial.ts"
export {
  type DpopError,
  dpopRule,
  type DpopVerifier,
  nonceField,
  type PresentedProof,
  type ProofFlaw,
  type ProofVerdict,
  replayed,
} from "./guard/DpopVerifier.ts"
export { clientAddress } from "./rate-limits/clientAddress.ts"
export { type Admission, Guard, type GuardedRequest, type GuardOptions, type GuardTokens } from "./guard/Guard.ts"
export { guardedRequest } from "./guard/guardedRequest.ts"
export { hasMethods } from "./guard/hasMethods.ts"
export { originFrom } from "./guard/originFrom.ts"
export { bodyTimeoutMilliseconds, bodyTimeoutRule } from "./oauth/bodyTimeout.ts"
export { type Form, type FormFlaw, isFormType, readForm } from "./oauth/Form.ts"
export { Introspection, type IntrospectionOptions } from "./oauth/Introspection.ts"
export { OAuthAnswers, type OAuthError, oauthAnswerOf, oauthErrorOf } from "./oauth/OAuthAnswers.ts"
export { type OAuthEndpoint, oauthEndpoint, type OAuthReply, type OAuthRequest } from "./oauth/OAuthEndpoint.ts"
export { ProtectedResourceMetadata, type ProtectedResourceOptions } from "./oauth/ProtectedResourceMetadata.ts"
export { type NodeFormOptions, type NodeRequest, readNodeForm } from "./oauth/readNodeForm.ts"
export { readRequestForm } from "./oauth/readRequestForm.ts"
export { Revocation, type RevocationOptions } from "./oauth/Revocation.ts"
export { tokenIn, type TokenForm, type TokenFormFlaw } from "./oauth/TokenForm.ts"
export { answerToStatus, answerToThrown, headersOfThrown } from "./problems/answerToThrown.ts"
export type { HttpAnswer } from "./problems/HttpAnswer.ts"
export { httpErrorOf, TokenryHttpError } from "./problems/httpErrorOf.ts"
export { type InputProblem, type Problem, problemMediaType, type ProblemOptions } from "./problems/Problem.ts"
export { ProblemAnswers } from "./problems/ProblemAnswers.ts"
export { problemTypes, type ProblemSlug, type ProblemType } from "./problems/problemTypes.ts"
export { statusPhrases } from "./problems/statusPhrases.ts"
export { varyingOn } from "./problems/varyingOn.ts"
export { rateLimitAddress } from "./rate-limits/rateLimitAddress.ts"
export type { Consumption, RateLimiter, RateLimiterUnavailable } from "./rate-limits/RateLimiter.ts"
export { type PolicyConsumption, rateLimitFields } from "./rate-limits/rateLimitFields.ts"
export {
  limitsRule,
  type RateLimitClaim,
  RateLimits,
  type RateLimitsOptions,
  type RateLimitVerdict,
} from "./rate-limits/RateLimits.ts"
export { entityTagOf } from "./routes/entityTag.ts"
export { type IdempotencyKey, readIdempotencyKey } from "./routes/readIdempotencyKey.ts"
export { type IfMatch, readIfMatch } from "./routes/readIfMatch.ts"
export { Route, type RouteAnswer, type RouteBody, type SecurityRequirement, type Shape } from "./routes/Route.ts"
