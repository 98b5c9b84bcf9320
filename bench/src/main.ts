/** Runs all comparisons and prints their ratios: `pnpm bench`. */
import { compareCache } from "./cache.ts"
import { compareThroughKoa } from "./koa.ts"
import { compareInMemory } from "./memory.ts"
import { compareOnPostgres } from "./postgres.ts"
import { compareOnSqlite } from "./sqlite.ts"

const format = (ratio: number) => ratio.toFixed(2)

console.log(
  "Each ratio is the median of rounds in which the two take turns; in brackets, the smallest and the largest.\n",
)
for (const measure of [compareInMemory, compareCache, compareOnSqlite, compareOnPostgres, compareThroughKoa]) {
  for (const { name, ratio, spread, target } of await measure()) {
    const line = `${name.padEnd(52)} ${format(ratio)} (${spread.map(format).join(" to ")})`
    console.log(`${line.padEnd(76)} to reach: ${target}`)
  }
}
