/** The demo as a process of its own, as `pnpm start` runs it. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

export interface DemoProcess {
  readonly pid: number
  readonly url: string
  /** All that it has printed so far. */
  readonly output: () => string
  /** Sends the signal, waits for the end, and gives the exit code (null if the signal ended it). */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>
}

const spawned = new Set<ChildProcess>()

/** Ends what tests have left running. */
export const endAll = async (): Promise<void> => {
  await Promise.all([...spawned].map((child) => endOf(child, "SIGKILL")))
}

/**
 * Starts it and waits until it says where it is and that it is ready, or what else is looked for. Rejects with its
 * output if it ends before.
 */
export const startDemoProcess = async (
  environment: Record<string, string>,
  // The last line of what it prints at the start.
  lookFor = /README/,
): Promise<DemoProcess> => {
  const { child, output } = run(environment)
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const [, url] = /(?:is|listening) at (http[^\s,]+)/.exec(output()) ?? []
      if (url !== undefined && lookFor.test(output())) resolve(url)
    }
    child.stdout?.on("data", look)
    child.once("exit", (code) => reject(new Error(`The demo ended with ${code}: ${output()}`)))
  })
  return { pid: child.pid ?? 0, url, output, end: (signal = "SIGTERM") => endOf(child, signal) }
}

/** Runs it to its end, which is expected to come by itself. */
export const runToEnd = async (environment: Record<string, string>) => {
  const { child, output } = run(environment)
  const [code] = (await once(child, "exit")) as [number | null]
  return { code, output: output() }
}

const main = join(import.meta.dirname, "../src/main.ts")

const { PATH, NODE_COMPILE_CACHE } = process.env

const run = (environment: Record<string, string>) => {
  const child = spawn(process.execPath, ["--conditions=@tokenry/source", main], {
    env: { PATH, NODE_COMPILE_CACHE, PORT: "0", RATE_LIMIT: "off", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  })
  spawned.add(child)
  child.once("exit", () => spawned.delete(child))
  let printed = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (printed += data.toString()))
  return { child, output: () => printed }
}

const endOf = async (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, "exit")
    child.kill(signal)
    await ended
  }
  return child.exitCode
}
