/** Other Node processes, each running one of the small programs beside, and ended with the test at the latest. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const pathOf = {
  open: fileURLToPath(new URL("./programs/open.ts", import.meta.url)),
  converse: fileURLToPath(new URL("./programs/converse.ts", import.meta.url)),
  insert: fileURLToPath(new URL("./programs/insert.ts", import.meta.url)),
}

export const start = (program: keyof typeof pathOf, ...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, ["--conditions=@tokenry/source", pathOf[program], ...args], {
        stdio: ["pipe", "pipe", "inherit"],
      }),
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL")),
  )

/** Runs the program to its end and gives what it said. */
export const outputOf = (program: keyof typeof pathOf, ...args: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.flatMap(start(program, ...args), (child) =>
      Effect.promise(async () => {
        child.stdin.end()
        let output = ""
        for await (const chunk of child.stdout.setEncoding("utf8")) output += chunk
        return output
      }),
    ),
  )
