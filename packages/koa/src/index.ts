export { bearer, type Bearer, type BearerOptions, type CallerState } from "./bearer.ts"
export { httpErrors } from "./httpErrors.ts"
export {
  type EndpointOptions,
  introspection,
  type IntrospectionEndpointOptions,
  oauthEndpoint,
  protectedResourceMetadata,
  revocation,
  type RevocationEndpointOptions,
} from "./oauthEndpoints.ts"
export { originOf } from "./originOf.ts"
export { type ErrorOccurrence, problemDetails, type ProblemDetailsOptions } from "./problemDetails.ts"
export { type AnswerableContext, writeAnswer } from "./writeAnswer.ts"
