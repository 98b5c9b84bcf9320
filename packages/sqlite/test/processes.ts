/** Other Node processes, each running one of the small programs beside, and ended with the test at the latest. */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const pathOf = {
  open: fileURLToPath(new URL("./programs/open.ts", import.meta.url)),
  converse: fileURLToPath(new URL("./programs/converse.ts", import.meta.url)),
  insert: fileURLToPath(new URL("./programs/insert.ts", import.meta.url)),
  readme: fileURLToPath(new URL("./programs/readme.ts", import.meta.url)),
}

interface StartOptions {
  readonly args: ReadonlyArray<string>
  readonly folder?: string
}

/** The process, and the lines that it says, to be read one after the other. */
export const start = (program: keyof typeof pathOf, { args, folder }: StartOptions) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, ["--conditions=@tokenry/source", pathOf[program], ...args], {
        cwd: folder,
        stdio: ["pipe", "pipe", "inherit"],
      })
      return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL")),
  )

/** The next line that the process says; empty if it has ended. */
export const nextLine = (lines: AsyncIterator<string>) =>
  Effect.promise(async () => String((await lines.next()).value ?? ""))
