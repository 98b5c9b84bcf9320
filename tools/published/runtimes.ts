/** Runs programs with the installed packages on every supported runtime. */
import { cpSync, globSync, readFileSync, writeFileSync } from "node:fs"
import { stripTypeScriptTypes } from "node:module"
import { basename, join } from "node:path"
import { outputOf, run } from "./run.ts"

/** What npm installs for these checks: the oldest Node that `engines` allows, Bun and Deno. */
export const runtimePackages = ["node", "bun", "deno"] as const

/** Their versions. Node's is the oldest that `engines` allows. */
export const runtimeVersions: Readonly<Record<(typeof runtimePackages)[number], string>> = {
  node: "22.23.2",
  bun: "1.4.5",
  deno: "2.9.6",
}

interface Trial {
  readonly name: string
  readonly command: string
  readonly args: ReadonlyArray<string>
}

/** Resolves to the names of the programs that ran; rejects with the output of the first one that failed. */
export const runOnRuntimes = async (runtimes: string, folder: string): Promise<ReadonlyArray<string>> => {
  writePrograms(folder)
  copyPackages(folder)
  const bin = (name: string) => join(runtimes, "node_modules/.bin", name)
  const oldNode = `Node ${runtimeVersions.node}`
  const thisNode = `Node ${process.versions.node}`
  const quietly = ["--disable-warning=ExperimentalWarning"]
  const trials: ReadonlyArray<Trial> = [
    { name: oldNode, command: bin("node"), args: [...quietly, "everyRuntime.mjs"] },
    { name: thisNode, command: process.execPath, args: [...quietly, "everyRuntime.mjs"] },
    { name: `Bun ${runtimeVersions.bun}`, command: bin("bun"), args: ["everyRuntime.mjs"] },
    {
      name: `Deno ${runtimeVersions.deno}`,
      command: bin("deno"),
      args: ["run", "--allow-all", "--node-modules-dir=manual", "everyRuntime.mjs"],
    },
    { name: `require() on ${oldNode}`, command: bin("node"), args: [...quietly, "commonJs.cjs"] },
    { name: `require() on ${thisNode}`, command: process.execPath, args: [...quietly, "commonJs.cjs"] },
    { name: "two copies of every package", command: process.execPath, args: ["twoCopies.mjs"] },
  ]
  for (const { name, command, args } of trials) {
    const output = await run(command, args, folder)
    if (output.trim() !== "done") throw new Error(`${name}: the program ended before it was done.\n${output}`)
  }
  await assertSaysWhatSqliteNeeds(folder)
  return trials.map(({ name }) => name)
}

const programs = join(import.meta.dirname, "programs")

const writePrograms = (folder: string): void => {
  for (const file of globSync(join(programs, "*"))) {
    const code = readFileSync(file, "utf8")
    if (file.endsWith(".ts")) {
      writeFileSync(join(folder, basename(file, ".ts") + ".mjs"), stripTypeScriptTypes(code))
    } else writeFileSync(join(folder, basename(file)), code)
  }
}

/** A second copy of our packages, sharing their dependencies with the first. */
const copyPackages = (folder: string): void => {
  cpSync(join(folder, "node_modules/@tokenry"), join(folder, "second/node_modules/@tokenry"), { recursive: true })
}

/** Without `node:sqlite`, the import fails with a one-line error that names the required versions. */
const assertSaysWhatSqliteNeeds = async (folder: string): Promise<void> => {
  const program = `import("@tokenry/sqlite").catch((error) => console.log(error.message))`
  const output = await run(process.execPath, ["--no-experimental-sqlite", "--eval", program], folder).catch(
    (error: Error) => Promise.reject(new Error(outputOf(error.cause).stderr, { cause: error })),
  )
  if (!/^@tokenry\/sqlite needs node:sqlite: use Node 22\S+, 24\S+ or newer\. This is Node .+\.\n$/.test(output)) {
    throw new Error(`@tokenry/sqlite does not say which Node it needs:\n${output}`)
  }
}
