/**
 * Finds a MongoDB server once per test run, for all projects with this file as their global setup. Tests get it with
 * `inject("mongodb")`.
 */
import type { TestProject } from "vitest/node"
import { findMongoServer, NoMongoServer, threeWays } from "./MongoServer.ts"
import type { MongoServerForTests } from "./MongoServerForTests.ts"

export const setup = async (project: TestProject): Promise<(() => Promise<void>) | undefined> => {
  // Another project of this run has already found one.
  if ("mongodb" in project.getProvidedContext()) return undefined
  const provide = (server: MongoServerForTests | undefined, summary: string) => {
    project.vitest.getRootProject().provide("mongodb", server)
    say(summary)
    // Repeated at the very end, where people look for it.
    process.once("exit", () => say(summary))
  }
  try {
    const { stop, ...server } = await findMongoServer()
    provide(
      server,
      `The MongoDB tests ran against ${server.description}.${server.isRealMongod ? "" : withoutRealMongod}`,
    )
    return stop
  } catch (error) {
    if (!(error instanceof NoMongoServer) || mustHaveOne()) throw error
    say(error.message)
    provide(undefined, `The MongoDB tests were skipped: there is no server. ${threeWays}`)
    return undefined
  }
}

const withoutRealMongod = " Those that need a real mongod (query plans) were skipped."

const mustHaveOne = (): boolean => {
  const { CI, MONGODB_URL } = process.env
  return (CI !== undefined && CI !== "" && CI !== "false") || (MONGODB_URL !== undefined && MONGODB_URL !== "")
}

const say = (text: string): void => void process.stdout.write(`\n${text}\n`)
