export {
  bearer,
  type Bearer,
  type BearerOptions,
  type Passage,
  type ProtectedHandler,
  type VerifyingTokens,
} from "./bearer.ts"
export type { WayBesides } from "./presentedIn.ts"
export { type ErrorOccurrence, problemDetails, type ProblemDetailsOptions } from "./problemDetails.ts"
export { toResponse } from "./toResponse.ts"
