/** Axe's reports that are accepted, with the reason: places it can't decide, and markup that isn't ours. */

interface Explanation {
  /** The path, the rule, the element and axe's message, as the failing test prints them. */
  readonly problem: RegExp
  readonly because: string
}

const explanations: ReadonlyArray<Explanation> = [
  {
    problem: /^\/docs: (violation|incomplete) of (color-contrast|aria-prohibited-attr|select-name|heading-order) /,
    because: "Swagger UI draws and labels its controls by itself; nothing there is needed to manage tokens.",
  },
  {
    problem: /^\/docs: violation of landmark-(main-is-top-level|no-duplicate-main|unique) /,
    because: "Swagger UI brings a main landmark of its own, inside a section.",
  },
  {
    problem:
      /^\/settings\/tokens\/[\w-]+: incomplete of color-contrast at (.* > )?t[hd].*partially obscured by another element$/,
    because: "A table scrolls sideways on a phone; the cells at its edge have the colours of those beside them.",
  },
]

/** `undefined`: not explained. */
export const explanationOf = (problem: string): string | undefined =>
  explanations.find((explanation) => explanation.problem.test(problem))?.because
