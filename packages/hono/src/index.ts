export { bearer, type Bearer, type BearerOptions, type CallerEnv } from "./bearer.ts"
export { httpErrors, problemDetails, type ProblemDetailsOptions } from "./errors.ts"
export { type Receiving, toResponse } from "./messages.ts"
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
export { originOf } from "./originOf.ts"
