/** Finds a MongoDB server once per test run, for all projects with this global setup. Tests get it with `inject("mongodb")`. */
import type { TestProject } from "vitest/node"
import { findMongoServer, NoMongoServer, threeWays } from "./MongoServer.ts"
import type { MongoServerForTests } from "./MongoServerForTests.ts"

export const setup = async (project: TestProject): Promise<(() => Promise<void>) | undefined> => {
  // Another project of this run has already found it.
  if ("mongodb" in project.getProvidedContext()) return undefined
  const provide = (server: MongoServerForTests | undefined, summary: string) => {
    project.vitest.getRootProject().provide("mongodb", server)
    say(summary)
    // Printed again at the very end, where people look.
    process.once("exit", () => say(summary))
  }
  try {
    const { stop, ...server } = await findMongoServer()
    provide(server, `The MongoDB tests ran on ${server.description}.${server.isRealMongod ? "" : withoutRealMongod}`)
    return stop
  } catch (error) {
    if (!(error instanceof NoMongoServer) || mustHaveOne()) throw error
    say(error.message)
    provide(undefined, `The MongoDB tests were skipped: there is no server. ${threeWays}`)
    return undefined
  }
}

const withoutRealMongod = " Tests that need a real mongod (query plans) were skipped."

const mustHaveOne = (): boolean => {
  const { CI, MONGODB_URL } = process.env
  return (CI !== undefined && CI !== "" && CI !== "false") || (MONGODB_URL !== undefined && MONGODB_URL !== "")
}

const say = (text: string): void => void process.stdout.write(`\n${text}\n`)
