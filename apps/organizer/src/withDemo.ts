/** Runs the demo and the organizer, each as a process of its own, until one of them ends: `pnpm start:organizer`. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"

const program = (path: string, environment: NodeJS.ProcessEnv = {}): ChildProcess =>
  spawn(process.execPath, ["--conditions=@tokenry/source", new URL(path, import.meta.url).pathname], {
    stdio: "inherit",
    env: { ...process.env, ...environment },
  })

const demo = program("../../demo/src/main.ts")
// `PORT` and `HOST` are the demo's.
const organizer = program("main.ts", {
  PORT: process.env["ORGANIZER_PORT"] || "3001",
  HOST: "127.0.0.1",
  TREASURES_URL: process.env["PUBLIC_URL"] || `http://127.0.0.1:${process.env["PORT"] || "3000"}`,
})
const both = [demo, organizer]
const stop = () => both.forEach((child) => child.kill("SIGTERM"))
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop)
await Promise.race(both.map((child) => once(child, "exit")))
stop()
