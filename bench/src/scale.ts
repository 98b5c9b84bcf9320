/**
 * Builds a store of 1,100,000 tokens and prints what grows with it: `pnpm bench:scale`; with `--quick`, one of 110,000.
 * Exits with 0 whatever the figures.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { print } from "./scale/report.ts"
import { sqliteRows } from "./scale/sqliteRows.ts"

const tokens = process.argv.includes("--quick") ? 110_000 : 1_100_000
const folder = mkdtempSync(join(tmpdir(), "tokenry-scale-"))
try {
  console.log(`On SQLite, with ${tokens} tokens; "small" has 1000. A block is the longest delay of the event loop.\n`)
  for await (const row of sqliteRows(folder, tokens)) print(row)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
