/** The body of every error response: problem details (RFC 9457). */
import type { InputIssue } from "@tokenry/core"
import { isText, type OptionRules } from "@tokenry/core/adapter"
import { type ProblemSlug, problemTypes } from "./problemTypes.ts"
import { statusPhrases } from "./statusPhrases.ts"

export interface Problem {
  /** `problemBase` plus a slug of `problemTypes`, or `about:blank` if only the status is known (§4.2.1). */
  readonly type: string
  readonly title: string
  readonly status: number
  /** What is specific to this occurrence, for people. */
  readonly detail?: string
  /** Identifies this occurrence: `urn:uuid:…` (§3.1.5). */
  readonly instance?: string
  /** Every problem with the input. */
  readonly errors?: ReadonlyArray<InputProblem>
  /** The required scopes, or the ones that can't be granted. */
  readonly scopes?: ReadonlyArray<string>
  /** The URI reference of the resource concerned. */
  readonly resource?: string
}

/** One problem with an input, as in RFC 9457 §3. */
export interface InputProblem {
  /** A JSON Pointer as a URI fragment (RFC 6901 §6), as in `#/scopes/0`. Query parameters count as fields. */
  readonly pointer: string
  /** Completes a sentence that starts with the field's name: `must be a string`. Never contains the value. */
  readonly detail: string
}

/** What an occurrence can add to its type. */
export type ProblemDetails = Pick<Problem, "detail" | "instance" | "errors" | "scopes" | "resource">

/** The `Content-Type` of a problem (RFC 9457 §3). JSON is UTF-8 and has no charset parameter (RFC 8259 §11). */
export const problemMediaType = "application/problem+json"

export interface ProblemOptions {
  /**
   * The base URL of your problem documentation. A slug is appended, so it must be absolute and end with `/` or `#`, as
   * in `https://api.example.com/problems/`. Default: none; every problem's type is `about:blank` (RFC 9457 §4.2.1).
   */
  readonly problemBase?: string | undefined
}

export const problemOptionRules: OptionRules<ProblemOptions> = {
  problemBase: [isText, 'write an absolute URL, as in problemBase: "https://api.example.com/problems/"'],
}

/** A problem of a type listed in `problemTypes`. */
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

/** Returns the options. @throws Error if the base is not an absolute URL that ends with `/` or `#`. */
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

/** The path as a JSON Pointer in a URI fragment. Clients choose field names, so lone surrogates are replaced. */
const pointerTo = (path: ReadonlyArray<string>): string =>
  `#${path.map((segment) => `/${encodeURIComponent(segment.toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1"))}`).join("")}`
