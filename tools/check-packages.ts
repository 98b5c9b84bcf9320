/**
 * Checks the packages as their users get them: packs each one, looks at the archive (publint, attw), installs all of
 * them with plain npm in an empty folder outside the workspace, and there type-checks the examples of all READMEs and of
 * docs/ under `strict`, and runs them as JavaScript.
 */
import { execFileSync } from "node:child_process"
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { allExamples, nodeOptions } from "./examples.ts"

const workspace = join(import.meta.dirname, "..")
const bin = join(workspace, "node_modules/.bin")
const folder = mkdtempSync(join(tmpdir(), "tokenry-packages-"))

const run = (command: string, args: ReadonlyArray<string>, cwd = folder): void => {
  try {
    execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 300_000 })
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string }
    throw new Error(`${[basename(command), ...args].join(" ")}\n${stdout}${stderr}`, { cause: error })
  }
}

/** The version that the workspace's catalog gives a package. */
const pinned = (name: string): string => {
  const catalog = readFileSync(join(workspace, "pnpm-workspace.yaml"), "utf8")
  const version = catalog.split("\n").find((line) => line.replaceAll('"', "").trim().startsWith(`${name}: `))
  return `${name}@${version?.split(": ")[1]}`
}

const archivesOf = (): ReadonlyArray<string> => {
  run("pnpm", ["--recursive", "--filter", "./packages/*", "pack", "--pack-destination", folder], workspace)
  return globSync("*.tgz", { cwd: folder }).map((name) => join(folder, name))
}

const installed = [
  "effect",
  "koa",
  "@koa/router",
  "express",
  "fastify",
  "hono",
  "mongodb",
  "pg",
  "rate-limiter-flexible",
  "vitest",
  "@effect/vitest",
]
const installedForTypes = ["typescript", "@types/node", "@types/koa", "@types/express", "@types/pg"]

const compilerOptions = {
  target: "es2023",
  lib: ["es2023", "dom"],
  module: "nodenext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  noEmit: true,
  types: ["node"],
}

try {
  const archives = archivesOf()
  for (const archive of archives) {
    run(join(bin, "publint"), ["run", archive, "--strict"])
    run(join(bin, "attw"), [archive, "--profile", "esm-only", "--no-emoji"])
  }
  console.log(`${archives.length} packages, packed: publint and attw find nothing wrong.`)

  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }))
  run("npm", ["install", "--no-audit", "--no-fund", ...archives, ...[...installed, ...installedForTypes].map(pinned)])

  const examples = allExamples()
  for (const { name, code } of examples) {
    writeFileSync(join(folder, `${name}.ts`), code)
    writeFileSync(join(folder, `${name}.mjs`), stripTypeScriptTypes(code))
  }
  run(join(folder, "node_modules/.bin/tsc"), ["--project", folder])
  for (const { name } of examples) run(process.execPath, [...nodeOptions, `${name}.mjs`])
  console.log(
    `${examples.length} examples of the READMEs and of docs/ type-check and run with the packed packages under plain npm.`,
  )
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
