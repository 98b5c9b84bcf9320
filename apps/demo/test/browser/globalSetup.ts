/** Finds a Chromium once per test run; tests ask for it by `inject("chromium")`. */
import type { TestProject } from "vitest/node"
import { findChromium } from "./findChromium.ts"

export const setup = async (project: TestProject): Promise<void> => {
  const chromium = await findChromium()
  if (chromium === undefined && mustHaveOne()) throw new Error(`There is no Chromium to test the pages with. ${ways}`)
  project.provide("chromium", chromium)
  if (chromium !== undefined) return
  const summary = `The tests of the pages in a browser were skipped: there is no Chromium. ${ways}`
  say(summary)
  // Printed again at the very end, where people look.
  process.once("exit", () => say(summary))
}

const ways = "On Linux (x64) npm brings one; elsewhere install Chrome."

const mustHaveOne = (): boolean => {
  const { CI } = process.env
  return CI !== undefined && CI !== "" && CI !== "false"
}

const say = (text: string): void => void process.stdout.write(`\n${text}\n`)
