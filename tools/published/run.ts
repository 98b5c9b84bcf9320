/** Runs a program in a folder. If it fails, the error contains its output. */
import { execFile } from "node:child_process"
import { basename } from "node:path"
import { promisify } from "node:util"

const execute = promisify(execFile)

/** Resolves to the program's standard output. Kills a program that hangs, after ten minutes. */
export const run = async (command: string, args: ReadonlyArray<string>, cwd: string): Promise<string> => {
  try {
    const { stdout } = await execute(command, args, { cwd, timeout: 600_000, maxBuffer: 64 * 1024 * 1024 })
    return stdout
  } catch (error) {
    const { stdout, stderr } = outputOf(error)
    throw new Error(`${[basename(command), ...args].join(" ")}\n${stdout}${stderr}`, { cause: error })
  }
}

/** The output of a program that failed. */
export const outputOf = (error: unknown): { readonly stdout: string; readonly stderr: string } => {
  const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string }
  return { stdout, stderr }
}
