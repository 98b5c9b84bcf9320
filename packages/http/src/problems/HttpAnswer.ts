/** A complete HTTP response as a value, ready for any framework to send. */
import { type Problem, problemMediaType } from "./Problem.ts"

export interface HttpAnswer {
  readonly status: number
  /** Append `Vary` to the current value; the others replace theirs. The adapter sets `Content-Length`. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A problem as a response. Never cached: it may depend on the caller and on the time. */
export const answerOf = (problem: Problem, headers: Readonly<Record<string, string>> = {}): HttpAnswer => ({
  status: problem.status,
  headers: { "Content-Type": problemMediaType, "Cache-Control": "no-store", ...headers },
  body: JSON.stringify(problem),
})
