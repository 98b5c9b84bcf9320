/** Runs a program in a folder; its output is in the error if it fails. */
import { execFile } from "node:child_process"
import { basename } from "node:path"
import { promisify } from "node:util"

const execute = promisify(execFile)

/** Resolves to what the program wrote to standard output. Ends a program that hangs, after ten minutes. */
export const run = async (command: string, args: ReadonlyArray<string>, cwd: string): Promise<string> => {
  try {
    const { stdout } = await execute(command, args, { cwd, timeout: 600_000, maxBuffer: 64 * 1024 * 1024 })
    return stdout
  } catch (error) {
    const { stdout, stderr } = outputOf(error)
    throw new Error(`${[basename(command), ...args].join(" ")}\n${stdout}${stderr}`, { cause: error })
  }
}

/** What a program that failed wrote. */
export const outputOf = (error: unknown): { readonly stdout: string; readonly stderr: string } => {
  const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string }
  return { stdout, stderr }
}
