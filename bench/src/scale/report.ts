/** The rows of the report: each has its goal, what was measured, and whether that meets it. */
import type { Measured } from "./measure.ts"

export interface Row {
  readonly name: string
  /** What to reach, as a person reads it. */
  readonly goal: string
  readonly figure: string
  /** Missing: a figure without a goal. */
  readonly isMet?: boolean
}

const atMost = (name: string, most: number, unit: string, value: number): Row => ({
  name,
  goal: `<= ${most} ${unit}`,
  figure: `${value.toFixed(1)} ${unit}`,
  isMet: value <= most,
})

/** The same thing on the large store beside the small one, both in milliseconds. */
export const atMostTimes = (name: string, most: number, large: number, small: number): Row => ({
  name,
  goal: `<= ${most} x small`,
  figure: `${(large / small).toFixed(1)} x (${large.toFixed(2)} ms, small ${small.toFixed(2)})`,
  isMet: large / small <= most,
})

type Time = Pick<Measured<unknown>, "milliseconds" | "cpu">

/** What one of this many tokens takes, and how much of that the processor works. */
export const perToken = ({ milliseconds, cpu }: Time, count: number): string =>
  `${((milliseconds * 1000) / count).toFixed(0)} us each (CPU ${((cpu * 1000) / count).toFixed(0)})`

export const eachAtMost = (name: string, most: number, time: Time, count: number): Row => ({
  name,
  goal: `<= ${most} us each`,
  figure: perToken(time, count),
  isMet: (time.milliseconds * 1000) / count <= most,
})

export const blockOf = (name: string, block: number): Row => atMost(`  ${name}: block`, 15, "ms", block)

export const print = ({ name, goal, figure, isMet }: Row): void => {
  const verdict = isMet === undefined ? "" : isMet ? "met" : "NOT MET"
  console.log(`${name.padEnd(64)} ${goal.padEnd(16)} ${figure.padEnd(40)} ${verdict}`.trimEnd())
}
