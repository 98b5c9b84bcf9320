/**
 * Measures Tokenry beside hand-written code and beside other libraries, and prints a row for each goal: `pnpm bench`.
 * `--full` takes its time, `--only memory,koa` runs these families alone, `--json FILE` writes the rows to a file too.
 * Exits with 0 whatever the figures are, and with 1 if a contestant gives a wrong answer or a family breaks.
 */
import { writeFileSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import { parseArgs } from "node:util"
import { type FamilyName, families, measureFamily } from "./families.ts"
import { Watch } from "./quiet.ts"
import { type Row, type Verdict, verdictOn } from "./Row.ts"
import { tableOf } from "./table.ts"

const { values } = parseArgs({
  options: { full: { type: "boolean", default: false }, json: { type: "string" }, only: { type: "string" } },
})
const chosen = values.only?.split(",") ?? Object.keys(families)
const strange = chosen.find((name) => !Object.hasOwn(families, name))
if (strange !== undefined) {
  console.error(`There is no family ${strange}. Choose from: ${Object.keys(families).join(", ")}`)
  process.exit(1)
}
const effort = { isFull: values.full, seconds: values.full ? 5 : 0.6 }

const loadNow = () => (loadavg()[0] as number).toFixed(1)
const began = performance.now()
const loadBefore = loadNow()
const watch = new Watch()
const measured: Array<{ readonly family: string; readonly rows: ReadonlyArray<Row> }> = []
for (const family of chosen as ReadonlyArray<FamilyName>) {
  const { title } = families[family]
  process.stderr.write(`… ${title}\n`)
  try {
    const rows = await measureFamily(family, effort)
    measured.push({ family, rows })
    console.log(`\n${title}\n\n${tableOf(rows)}`)
  } catch (error) {
    process.exitCode = 1
    console.log(`\n${title}\n\nnot measured: ${error instanceof Error ? error.message : String(error)}`)
  }
  watch.look()
}

const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}, ${process.platform} ${process.arch}, Node ${process.versions.node}`
const load = `load ${loadBefore} before, ${loadNow()} after; ${watch.summary} between the families`
const seconds = Math.round((performance.now() - began) / 1000)
const rows = measured.flatMap(({ rows }) => rows)
const verdicts = rows.map(verdictOn).filter((verdict) => verdict !== undefined)
const count = (verdict: Verdict) => verdicts.filter((each) => each === verdict).length
console.log(`
Of ${verdicts.length} goals ${count("yes")} are met, ${count("about")} about, and ${count("no")} not. ${effort.isFull ? "Full" : "Quick"} run of ${seconds} s on ${machine}; ${load}.
Each figure is the median over rounds in which all take turns, with the quartiles in brackets; of imports, the quickest. Ratios are
of CPU time where nothing is said; *by hand* is the least a careful engineer would write.`)

if (values.json !== undefined) {
  const judged = measured.map(({ family, rows }) => ({
    family,
    rows: rows.map((row) => ({ ...row, met: verdictOn(row) ?? null })),
  }))
  const result = { machine, load, seconds, isFull: effort.isFull, date: new Date().toISOString(), families: judged }
  writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`)
}
