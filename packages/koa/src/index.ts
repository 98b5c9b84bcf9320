export { bearer, type BearerOptions, type CallerState } from "./bearer.ts"
export { type ErrorOccurrence, problemDetails, type ProblemDetailsOptions } from "./problemDetails.ts"
export { requireScopes } from "./requireScopes.ts"
export { type AnswerableContext, writeAnswer } from "./writeAnswer.ts"
