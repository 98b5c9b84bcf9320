import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { promises as timers } from "node:timers"
import { vi } from "vitest"
import { serverUrl, withoutMongodb } from "./stores.ts"

/** The silence after which the client reconnects. The process is frozen for longer. */
const longestSilence = 2000

const aProcess = Effect.acquireRelease(
  Effect.sync(() => {
    const args = ["--conditions=@tokenry/source", "frozenClient.ts", serverUrl(), String(longestSilence)]
    const child = spawn(process.execPath, args, { cwd: join(import.meta.dirname), stdio: ["pipe", "pipe", "inherit"] })
    const lines: Array<string> = []
    createInterface(child.stdout).on("line", (line) => lines.push(line))
    return { child, lines }
  }),
  ({ child }) =>
    Effect.promise(async () => {
      const ended = child.exitCode === null ? once(child, "exit") : undefined
      child.kill("SIGCONT")
      child.kill("SIGKILL")
      await ended
    }),
)

const until = (holds: () => boolean) => Effect.promise(() => vi.waitUntil(holds, { timeout: 200_000, interval: 20 }))

it.effect.skipIf(withoutMongodb)(
  "a process that was frozen keeps its healthy client",
  () =>
    Effect.gen(function* () {
      const { child, lines } = yield* aProcess
      const heartbeats = () => lines.filter((line) => line === "heartbeat").length
      yield* until(() => lines.includes("ready") && heartbeats() > 1)
      for (let round = 0; round < 2; round++) {
        child.kill("SIGSTOP")
        yield* Effect.promise(() => timers.setTimeout(longestSilence * 1.5))
        const before = heartbeats()
        child.kill("SIGCONT")
        child.stdin.write("find\n")
        yield* until(() => lines.filter((line) => /^found|^failed/.test(line)).length > round)
        yield* until(() => heartbeats() > before + 3)
      }
      assert.notInclude(lines, "closed")
      assert.deepStrictEqual(
        lines.filter((line) => /^found|^failed/.test(line)),
        ["found", "found"],
      )
    }),
  120_000,
)
