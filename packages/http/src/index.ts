export { BearerAnswers, type BearerAnswersOptions, type BearerProtection } from "./BearerAnswers.ts"
export { bearerChallenge, type BearerChallenge, type BearerError } from "./bearerChallenge.ts"
export { type CoreError, isCoreError } from "./CoreError.ts"
export { entityTagOf } from "./entityTag.ts"
export { clientAddress } from "./clientAddress.ts"
export type { HttpAnswer } from "./HttpAnswer.ts"
export { type IfMatch, readIfMatch } from "./readIfMatch.ts"
export { type IdempotencyKey, readIdempotencyKey } from "./readIdempotencyKey.ts"
export { Introspection, type IntrospectionOptions } from "./Introspection.ts"
export { OAuthAnswers, type OAuthError } from "./OAuthAnswers.ts"
export { type InputProblem, type Problem, problemMediaType, type ProblemOptions } from "./Problem.ts"
export { privateCacheControl } from "./privateCacheControl.ts"
export { ProblemAnswers } from "./ProblemAnswers.ts"
export type { Consumption, RateLimiter, RateLimiterUnavailable } from "./RateLimiter.ts"
export { rateLimitAddress } from "./rateLimitAddress.ts"
export { type PolicyConsumption, rateLimitFields } from "./rateLimitFields.ts"
export { type RateLimitClaim, RateLimits, type RateLimitsOptions, type RateLimitVerdict } from "./RateLimits.ts"
export { problemTypes, type ProblemSlug, type ProblemType } from "./problemTypes.ts"
export { ProtectedResourceMetadata, type ProtectedResourceOptions } from "./ProtectedResourceMetadata.ts"
export { type Credentials, type CredentialsFlaw, readBearer } from "./readBearer.ts"
export {
  type FormHead,
  type FormRequest,
  mayHoldToken,
  type PresentedBearer,
  type PresentedCredentials,
  readPresentedBearer,
} from "./readPresentedBearer.ts"
export { Revocation, type RevocationOptions } from "./Revocation.ts"
export { isFormType, readTokenForm, type TokenForm, type TokenFormFlaw } from "./TokenForm.ts"
export { openApiOf, type OpenApiDocument, type OpenApiOptions } from "./openApi.ts"
export { Route, type RouteAnswer, type RouteBody, type SecurityRequirement, type Shape } from "./Route.ts"
