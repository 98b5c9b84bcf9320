/**
 * Checks the packages as users get them. Packs each one, inspects the archive (publint, attw), and installs all of them
 * with plain npm in an empty folder outside the workspace. There it compares their manifests, type-checks the examples
 * of all READMEs with each supported TypeScript, and runs the examples, plus programs for each supported runtime.
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { allExamples, type Example, examplesForTypes, nodeOptions } from "./examples.ts"
import { manifestAt, manifestFaults, packageOf } from "./published/manifests.ts"
import { run } from "./published/run.ts"
import { runOnRuntimes, runtimePackages, runtimeVersions } from "./published/runtimes.ts"
import { resolutions, typeErrors } from "./published/typeChecks.ts"

const workspace = join(import.meta.dirname, "..")
const bin = join(workspace, "node_modules/.bin")

/** The newest TypeScript; the workspace's own is used as well. */
const typescripts = { "typescript-5.9": "5.9.3", "typescript-6": "6.0.3" }

const main = async (folder: string): Promise<void> => {
  const archives = await pack(folder)
  for (const archive of archives) {
    await run(join(bin, "publint"), ["run", archive, "--strict"], folder)
    await run(join(bin, "attw"), [archive, "--profile", "esm-only", "--no-emoji"], folder)
  }
  console.log(`${archives.length} packages, packed: publint and attw find nothing wrong.`)

  const examples = allExamples()
  const typed = [...examples, ...examplesForTypes()]
  await install(folder, [...archives, ...[...packagesOf(typed), ...peersOfPackages()].map(pinned)])
  failOn(manifestFaults(join(folder, "node_modules")))
  console.log("Their manifests agree with each other and with the files in the archives.")

  const tools = join(folder, "tools")
  mkdirSync(tools)
  await install(tools, [
    pinned("typescript"),
    ...Object.entries(typescripts).map(([alias, version]) => `${alias}@npm:typescript@${version}`),
    ...runtimePackages.map((name) => `${name}@${runtimeVersions[name]}`),
  ])

  for (const { name, code } of [...typed, misspelt]) writeFileSync(join(folder, `${name}.ts`), code)
  for (const { name, code } of examples) writeFileSync(join(folder, `${name}.mjs`), stripTypeScriptTypes(code))
  for (const typescript of [...Object.keys(typescripts), "typescript"]) {
    const compiler = join(tools, "node_modules", typescript)
    const { version } = manifestAt(join(compiler, "package.json"))
    for (const resolution of resolutions) {
      const errors = await typeErrors(join(compiler, "bin/tsc"), resolution, folder)
      failOn(errors.map((error) => `TypeScript ${version}, ${resolution}: ${error}`))
    }
    console.log(`${typed.length} examples of the READMEs type-check with TypeScript ${version}.`)
  }
  for (const { name } of examples) await run(process.execPath, [...nodeOptions, `${name}.mjs`], folder)
  console.log(`${examples.length} examples of the READMEs run with the packed packages under plain npm.`)

  const ran = await runOnRuntimes(tools, folder)
  console.log(`Programs run on: ${ran.join(", ")}.`)
}

const misspelt: Example = {
  name: "misspelt",
  code: readFileSync(join(import.meta.dirname, "published/programs/misspelt.ts"), "utf8"),
}

const pack = async (folder: string): Promise<ReadonlyArray<string>> => {
  await run("pnpm", ["--recursive", "--filter", "./packages/*", "pack", "--pack-destination", folder], workspace)
  return globSync("*.tgz", { cwd: folder }).map((name) => join(folder, name))
}

/** Installs with plain npm in a folder of its own. */
const install = async (folder: string, packages: ReadonlyArray<string>): Promise<void> => {
  // Scripts that download the runtimes' binaries need npm's consent.
  const allowScripts = Object.fromEntries(runtimePackages.map((name) => [name, true]))
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module", allowScripts }))
  await run("npm", ["install", "--no-audit", "--no-fund", ...packages], folder)
}

/** What the examples import besides our packages, and Express's types, which users of Express install. */
const packagesOf = (examples: ReadonlyArray<Example>): ReadonlyArray<string> => {
  const specifiers = examples.flatMap(({ code }) =>
    Array.from(code.matchAll(/^(?:import|export) .*from "([^".][^"]*)"$/gm), ([, specifier]) => specifier ?? ""),
  )
  const foreign = specifiers.filter((specifier) => !/^(?:node:|@tokenry\/)/.test(specifier)).map(packageOf)
  return [...new Set([...foreign, "@types/express"])]
}

/** The frameworks, drivers and test runners that users bring along. */
const peersOfPackages = (): ReadonlyArray<string> =>
  globSync("packages/*/package.json", { cwd: workspace })
    .flatMap((file) => Object.keys(manifestAt(join(workspace, file)).peerDependencies ?? {}))
    .filter((peer) => !peer.startsWith("@tokenry/"))

/** A package in the version from the workspace's catalog. */
const pinned = (name: string): string => {
  const catalog = readFileSync(join(workspace, "pnpm-workspace.yaml"), "utf8")
  const line = catalog.split("\n").find((candidate) => candidate.replaceAll('"', "").trim().startsWith(`${name}: `))
  if (line === undefined) throw new Error(`${name} is not in the catalog of pnpm-workspace.yaml`)
  return `${name}@${line.split(": ")[1]}`
}

const failOn = (faults: ReadonlyArray<string>): void => {
  if (faults.length > 0) throw new Error(faults.join("\n"))
}

const folder = mkdtempSync(join(tmpdir(), "tokenry-packages-"))
try {
  await main(folder)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
