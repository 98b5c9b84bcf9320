export { bearer, type Bearer, type BearerOptions, type Passage, type Protect, type ProtectedHandler } from "./bearer.ts"
export type { Receiving } from "./guardedRequestOf.ts"
export { httpErrorOf, TokenryHttpError } from "@tokenry/http"
export {
  type Endpoint,
  type EndpointOptions,
  introspection,
  type IntrospectionEndpointOptions,
  oauthEndpoint,
  protectedResourceMetadata,
  revocation,
  type RevocationEndpointOptions,
} from "./oauthEndpoints.ts"
export { type ErrorOccurrence, problemDetails, type ProblemDetailsOptions } from "./problemDetails.ts"
export type { ErrorReporter } from "./reportTo.ts"
export { toResponse } from "./toResponse.ts"
