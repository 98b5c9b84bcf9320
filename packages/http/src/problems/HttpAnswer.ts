/** A whole HTTP answer as a value, for any framework to write as it is. */
import { type Problem, problemMediaType } from "./Problem.ts"

export interface HttpAnswer {
  readonly status: number
  /** `Vary` is to be added to what is there; the others replace. `Content-Length` is left to who writes it. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A problem as an answer. No cache keeps it: it may depend on who asked, and on the minute. */
export const answerOf = (problem: Problem, headers: Readonly<Record<string, string>> = {}): HttpAnswer => ({
  status: problem.status,
  headers: { "Content-Type": problemMediaType, "Cache-Control": "no-store", ...headers },
  body: JSON.stringify(problem),
})
