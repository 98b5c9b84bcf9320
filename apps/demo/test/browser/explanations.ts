/** What axe says of pages that is explained: where it can't decide by itself, and what is not ours to change. */

interface Explanation {
  /** The path, the rule, the element and axe's words, as the failing test prints them. */
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

/** `undefined`: nobody has looked at it yet. */
export const explanationOf = (problem: string): string | undefined =>
  explanations.find((explanation) => explanation.problem.test(problem))?.because
