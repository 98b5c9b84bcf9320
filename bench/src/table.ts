/** Prints rows as a table that is Markdown too, so that a run can be pasted into a document. */
import { type Row, type Unit, verdictOn } from "./Row.ts"

const heads = ["what", "measured", "goal", "met", "of which"] as const

export const tableOf = (rows: ReadonlyArray<Row>): string => {
  const lines = [heads, ...rows.map(cellsOf)]
  const widths = heads.map((_, column) => Math.max(...lines.map((cells) => (cells[column] as string).length)))
  const lineOf = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(" | ")} |`
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`
  const [head, ...body] = lines.map(lineOf)
  return [head, rule, ...body].join("\n")
}

const cellsOf = (row: Row): ReadonlyArray<string> => {
  const verdict = verdictOn(row) ?? ""
  return [row.what, measuredIn(row), goalIn(row), verdict === "no" ? "**no**" : verdict, row.detail ?? ""]
}

const measuredIn = ({ value, unit, quartiles }: Row): string => {
  if (value === undefined) return "—"
  const spread = quartiles === undefined ? "" : ` (${quartiles.map((quartile) => numberIn(quartile, unit)).join("–")})`
  return `${numberIn(value, unit)} ${unit}${spread}`
}

const goalIn = ({ goal, unit }: Row): string => {
  if (goal === undefined) return ""
  return "atMost" in goal ? `≤ ${goal.atMost} ${unit}` : `≥ ${goal.atLeast} ${unit}`
}

const numberIn = (value: number, unit: Unit): string => {
  if (unit === "bytes") return value.toFixed(0)
  return value >= 100 ? value.toFixed(0) : value.toFixed(2)
}
