export { bearer, type Bearer, type BearerOptions, type ScopedRoute } from "./bearer.ts"
export { httpErrors, problemDetails } from "./errors.ts"
export { writeAnswer } from "./messages.ts"
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
