/** The body of every answer that reports an error: problem details (RFC 9457). */
import type { InputIssue } from "@tokenry/core"
import { isText, type OptionRules } from "@tokenry/core/adapter"
import { type ProblemSlug, problemTypes } from "./problemTypes.ts"
import { statusPhrases } from "./statusPhrases.ts"

export interface Problem {
  /** `problemBase` and a slug of `problemTypes`; or `about:blank`: nothing is known but the status (§4.2.1). */
  readonly type: string
  readonly title: string
  readonly status: number
  /** What is special about this occurrence, in words for people. */
  readonly detail?: string
  /** Identifies this occurrence: `urn:uuid:…` (§3.1.5). */
  readonly instance?: string
  /** Everything that is wrong with the input, at once. */
  readonly errors?: ReadonlyArray<InputProblem>
  /** Of scopes: those that are required, or those that are too many. */
  readonly scopes?: ReadonlyArray<string>
  /** The address of what the problem is about, as a URI reference. */
  readonly resource?: string
}

/** One thing that is wrong with an input, as in RFC 9457 §3. */
export interface InputProblem {
  /** A JSON Pointer as a URI fragment (RFC 6901 §6), as in `#/scopes/0`. A query parameter is a field like any other. */
  readonly pointer: string
  /** The end of a sentence that begins with the field's name: `must be a string`. Never the value. */
  readonly detail: string
}

/** What an occurrence may add to its type. */
export type ProblemDetails = Pick<Problem, "detail" | "instance" | "errors" | "scopes" | "resource">

/** The `Content-Type` of a problem (RFC 9457 §3). JSON is UTF-8 and has no charset parameter (RFC 8259 §11). */
export const problemMediaType = "application/problem+json"

export interface ProblemOptions {
  /**
   * Where the types of problems are documented: an absolute URL to which a slug can be appended, so it ends with `/` or
   * `#`, as in `https://api.example.com/problems/`. Without it, every problem's type is `about:blank` (RFC 9457 §4.2.1).
   */
  readonly problemBase?: string | undefined
}

export const problemOptionRules: OptionRules<ProblemOptions> = {
  problemBase: [isText, 'write an absolute URL, as in problemBase: "https://api.example.com/problems/"'],
}

/** A problem of a type from the catalogue. */
export const problemOf = (
  { problemBase }: ProblemOptions,
  slug: ProblemSlug,
  details: ProblemDetails = {},
): Problem => {
  const { title, status } = problemTypes[slug]
  return problemBase === undefined
    ? { type: "about:blank", title: statusPhrases[status] ?? title, status, detail: title, ...details }
    : { type: problemBase + slug, title, status, ...details }
}

/** The options, if the base is one. @throws Error if it is not an absolute URL that ends with `/` or `#`. */
export const checkedProblemOptions = ({ problemBase }: ProblemOptions): ProblemOptions => {
  if (problemBase !== undefined && (!URL.canParse(problemBase) || !/[/#]$/.test(problemBase))) {
    throw new Error(
      'problemBase must be an absolute URL that ends with "/" or "#", as in "https://api.example.com/problems/"',
    )
  }
  return { problemBase }
}

export const inputProblemOf = ({ path, message }: InputIssue): InputProblem => ({
  pointer: pointerTo(path),
  detail: message,
})

/** The path as a JSON Pointer in a URI fragment. A field's name is a client's: surrogates without their half are replaced. */
const pointerTo = (path: ReadonlyArray<string>): string =>
  `#${path.map((segment) => `/${encodeURIComponent(segment.toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1"))}`).join("")}`
