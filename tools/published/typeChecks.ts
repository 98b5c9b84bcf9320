/** Type-checks programs against the installed packages, with the compilers and settings that users have. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { outputOf, run } from "./run.ts"

/** How an application resolves packages. */
export const resolutions = ["nodenext", "bundler"] as const
export type Resolution = (typeof resolutions)[number]

const compilerOptions = {
  target: "es2023",
  lib: ["es2023"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  noEmit: true,
  types: ["node"],
}

/**
 * Lists the errors in the `.ts` and `.cts` files of a folder and in our packages' declarations. Leaves out errors in
 * other packages' declarations, which only their authors can fix.
 */
export const typeErrors = async (
  compiler: string,
  resolution: Resolution,
  folder: string,
): Promise<ReadonlyArray<string>> => {
  const project = join(folder, `tsconfig.${resolution}.json`)
  const settings = { ...compilerOptions, module: resolution === "bundler" ? "preserve" : "nodenext" }
  const moduleResolution = resolution
  writeFileSync(project, JSON.stringify({ compilerOptions: { ...settings, moduleResolution }, include: ["*.ts"] }))
  try {
    await run(process.execPath, [compiler, "--project", project, "--pretty", "false"], folder)
    return []
  } catch (error) {
    const { stdout, stderr } = outputOf((error as Error).cause)
    if (stdout === "") throw new Error(stderr, { cause: error })
    return diagnosticsIn(stdout).filter((diagnostic) => isOurs(diagnostic))
  }
}

/** A diagnostic continues on indented lines. */
const diagnosticsIn = (output: string): ReadonlyArray<string> => output.trim().split(/\n(?! )/)

const isOurs = (diagnostic: string): boolean => {
  const file = /^(.+?)\(\d+,\d+\): error/.exec(diagnostic)?.[1]
  return file === undefined || !file.includes("node_modules/") || file.includes("node_modules/@tokenry/")
}
