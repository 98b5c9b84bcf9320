/**
 * Starts a PostgreSQL server once per test run, for all projects with this file as their global setup. Tests get it
 * with `inject("postgres")`.
 */
import type { TestProject } from "vitest/node"
import { findPostgresServer, NoPostgresServer, twoWays } from "./PostgresServer.ts"
import type { PostgresServerForTests } from "./PostgresServerForTests.ts"

export const setup = async (project: TestProject): Promise<(() => Promise<void>) | undefined> => {
  // Another project of this run has already found one.
  if ("postgres" in project.getProvidedContext()) return undefined
  const provide = (server: PostgresServerForTests | undefined, summary: string) => {
    project.vitest.getRootProject().provide("postgres", server)
    say(summary)
    // Repeated at the very end, where people look for it.
    process.once("exit", () => say(summary))
  }
  try {
    const { stop, ...server } = await findPostgresServer()
    provide(server, `The PostgreSQL tests ran against ${server.description}.`)
    return stop
  } catch (error) {
    if (!(error instanceof NoPostgresServer) || mustHaveOne()) throw error
    say(error.message)
    provide(undefined, `The PostgreSQL tests were skipped: there is no server. ${twoWays}`)
    return undefined
  }
}

const mustHaveOne = (): boolean => {
  const { CI, POSTGRES_URL } = process.env
  return (CI !== undefined && CI !== "" && CI !== "false") || (POSTGRES_URL !== undefined && POSTGRES_URL !== "")
}

const say = (text: string): void => void process.stdout.write(`\n${text}\n`)
