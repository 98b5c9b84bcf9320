export { bearer, type Bearer, type BearerOptions, callerOf } from "./bearer.ts"
export {
  type ErrorMiddleware,
  httpErrors,
  problemDetails,
  type ProblemDetails,
  type ProblemDetailsOptions,
} from "./httpErrors.ts"
export type { Middleware, Next, NodeRequest, NodeResponse } from "./NodeMessages.ts"
export { writeAnswer } from "./NodeMessages.ts"
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
