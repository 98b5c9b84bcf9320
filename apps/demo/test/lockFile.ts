/** Another process that holds a SQLite file's write lock. */
import { spawn } from "node:child_process"
import { once } from "node:events"

const program = `
  const { DatabaseSync } = require("node:sqlite")
  const database = new DatabaseSync(process.argv[1])
  database.exec("PRAGMA busy_timeout = 5000; BEGIN " + process.argv[2])
  process.stdout.write("held")
  process.stdin.once("end", () => database.exec("COMMIT")).resume()`

export type LockMode = "IMMEDIATE" | "EXCLUSIVE"

/** Resolves when the lock is held; calling what it gives releases it, and waits for the process to end. */
export const lockFile = async (filename: string, mode: LockMode): Promise<() => Promise<void>> => {
  const args = ["--disable-warning=ExperimentalWarning", "--eval", program, filename, mode]
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"], timeout: 200_000 })
  const ended = once(child, "exit")
  const held = await Promise.race([once(child.stdout, "data").then(() => true), ended.then(() => false)])
  if (!held) throw new Error("The lock could not be had")
  return async () => {
    child.stdin.end()
    await ended
  }
}
