import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, expect, it } from "vitest"
import { allExamples, linesOf, nodeOptions, printsAsItSays, recipes } from "../examples.ts"

const workspace = join(import.meta.dirname, "../..")
const sources = join(workspace, "tools/.examples")
const cwd = mkdtempSync(join(tmpdir(), "tokenry-examples-"))

afterAll(() => {
  for (const folder of [sources, cwd]) rmSync(folder, { recursive: true, force: true })
})

it.each(allExamples())("the example $name runs, and prints what its comments say", async ({ name, code }) => {
  mkdirSync(sources, { recursive: true })
  const file = join(sources, `${name}.ts`)
  writeFileSync(file, code)
  const args = ["--conditions=@tokenry/source", ...nodeOptions, file]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd })
  expect(printsAsItSays(code, stdout), stdout).toBe(true)
})

it.each(recipes())("the recipe $name has at most ten lines besides its imports", ({ code }) => {
  expect(linesOf(code).length).toBeLessThanOrEqual(10)
})
