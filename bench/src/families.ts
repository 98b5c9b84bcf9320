/**
 * All families of rows. Each is a module in `rows/`, and each of its variants runs in a process of its own: what one's tokens,
 * stores and compiled functions are like must not slow down or speed up another's.
 */
import { fork } from "node:child_process"
import type { Effort } from "./inRounds.ts"
import type { Row } from "./Row.ts"

/** What a family's module exports. */
export type Measure = (effort: Effort, variant: string) => Promise<ReadonlyArray<Row>>

interface Family {
  readonly title: string
  readonly variants?: ReadonlyArray<string>
}

const eachUsage = ["recording uses", "without recording uses"]

export const families = {
  memory: { title: "Verifying in memory, header to caller", variants: eachUsage },
  cache: { title: "Verifying from the cache, header to caller", variants: [...eachUsage, "large"] },
  sqlite: { title: "Verifying on SQLite, header to caller" },
  manyTokens: { title: "100,000 different tokens beside 1,000, in memory" },
  postgres: { title: "Verifying on PostgreSQL" },
  koa: { title: "Requests through Koa" },
  issuing: { title: "Issuing in memory" },
  heap: { title: "Memory of a process", variants: ["cached", "stored", "used"] },
  imports: { title: "Starting a process" },
  installed: { title: "Installing" },
  jwts: { title: "Verifying JWTs of the token exchange, header to caller", variants: ["EdDSA", "ES256"] },
  others: { title: "Beside other libraries, in memory, header to caller" },
  othersOnSqlite: { title: "Beside better-auth, on SQLite" },
} as const satisfies Record<string, Family>

export type FamilyName = keyof typeof families

/** Rejects with what went wrong if a contestant gives a wrong answer. */
export const measureFamily = async (name: FamilyName, effort: Effort): Promise<ReadonlyArray<Row>> => {
  const { variants = [""] }: Family = families[name]
  const rows: Array<Row> = []
  for (const variant of variants) rows.push(...(await inOwnProcess(name, effort, variant)))
  return rows
}

const inOwnProcess = (name: FamilyName, effort: Effort, variant: string): Promise<ReadonlyArray<Row>> =>
  new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, [name, JSON.stringify(effort), variant], {
      execArgv: [...process.execArgv, "--expose-gc", "--disable-warning=ExperimentalWarning"],
    })
    child.once("message", (answer: Answer) =>
      "rows" in answer ? resolve(answer.rows) : reject(new Error(answer.failure)),
    )
    child.once("error", reject)
    child.once("exit", (code, signal) => reject(new Error(`the process ended with ${signal ?? code}`)))
  })

type Answer = { readonly rows: ReadonlyArray<Row> } | { readonly failure: string }

if (import.meta.main) {
  const [name, effort, variant] = process.argv.slice(2) as [string, string, string]
  const answering = async (): Promise<Answer> => {
    try {
      const { measure } = (await import(`./rows/${name}.ts`)) as { readonly measure: Measure }
      return { rows: await measure(JSON.parse(effort) as Effort, variant) }
    } catch (error) {
      return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
  }
  const answer = await answering()
  // Whatever a contestant still waits for.
  process.send?.(answer, () => process.exit())
}
