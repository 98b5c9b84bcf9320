/** One line of the table: what was measured, what it should reach, and whether it does. */
import type { Clock, Figure, Measured } from "./inRounds.ts"

export type Goal = { readonly atMost: number } | { readonly atLeast: number }

export type Unit = "×" | "bytes" | "s" | "MB"

export interface Row {
  readonly what: string
  /** `undefined` if it could not be measured; `detail` then says why. */
  readonly value: number | undefined
  readonly unit: Unit
  /** The quartiles of the rounds. */
  readonly quartiles?: readonly [number, number]
  readonly goal?: Goal
  /** The figures behind the ratio. */
  readonly detail?: string
}

/** Whether a goal is met; `about` if the figure is too close to it to tell. */
export type Verdict = "yes" | "about" | "no"

/** Two runs of the same code can differ by this much, even on a quiet machine. */
const tolerance = 0.05

/** `undefined` for a row without a goal, or without a figure. */
export const verdictOn = ({ value, goal }: Row): Verdict | undefined => {
  if (value === undefined || goal === undefined) return undefined
  const share = "atMost" in goal ? value / goal.atMost : goal.atLeast / value
  if (share <= 1 - tolerance) return "yes"
  return share <= 1 + tolerance ? "about" : "no"
}

/** How much one contestant takes of another's time. Compares CPU time, or with `wall` also the time that passes. */
export const ratioRow = <Name extends string>(
  what: string,
  measured: Measured<Name>,
  ours: Name,
  beside: Name,
  { goal, clock = "cpu" }: { readonly goal?: Goal; readonly clock?: Clock } = {},
): Row => {
  const of = (name: Name, by: Clock) => duration(measured.nanoseconds(name, by))
  const cpu = clock === "cpu" ? "" : `; CPU ${of(ours, "cpu")} beside ${of(beside, "cpu")}`
  return figureRow(what, "×", measured.ratio(ours, beside, clock), {
    ...(goal === undefined ? {} : { goal }),
    detail: `${of(ours, clock)} beside ${of(beside, clock)}${cpu}`,
  })
}

export const figureRow = (
  what: string,
  unit: Unit,
  { median, quartiles }: Figure,
  rest: Pick<Row, "goal" | "detail"> = {},
): Row => ({ what, value: median, unit, quartiles, ...rest })

export const unmeasured = (what: string, unit: Unit, why: string, goal?: Goal): Row => ({
  what,
  value: undefined,
  unit,
  ...(goal === undefined ? {} : { goal }),
  detail: `not measured: ${why}`,
})

export const duration = (nanoseconds: number): string => {
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(0)} ns`
  return nanoseconds < 1e6 ? `${(nanoseconds / 1e3).toPrecision(3)} µs` : `${(nanoseconds / 1e6).toPrecision(3)} ms`
}
