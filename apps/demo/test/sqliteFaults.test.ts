import { execFile } from "node:child_process"
import { statSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { afterEach, expect, it, vi } from "vitest"
import { Client } from "./Client.ts"
import { endAll, startDemoProcess } from "./demoProcess.ts"
import { temporaryFolder } from "./demos.ts"
import { expectSoundness } from "./expectSoundness.ts"
import { Load } from "./Load.ts"
import { type LockMode, lockFile } from "./lockFile.ts"

afterEach(endAll)

const run = promisify(execFile)
const newFile = () => join(temporaryFolder(), "treasures.sqlite")
const until = (holds: () => boolean) => vi.waitUntil(holds, { timeout: 200_000, interval: 50 })

const expectIntact = (filename: string): void => {
  const database = new DatabaseSync(filename)
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" })
  database.close()
}

it.each<[LockMode, string, (load: Load, mark: number) => boolean]>([
  ["IMMEDIATE", "for a while", () => true],
  ["EXCLUSIVE", "for a while", () => true],
  ["IMMEDIATE", "past the deadline of writes", (load, mark) => load.count("issue", 503, mark) >= 2],
])(
  "a file that another process locks (%s) %s: verifies go on, writes wait or get 503, none is lost",
  async (mode, _, isEnough) => {
    const filename = newFile()
    const demo = await startDemoProcess({ STORE_URL: `sqlite:${filename}` })
    const load = await Load.on(demo.url)
    await until(() => load.count("issue", 201) >= 10)

    const release = await lockFile(filename, mode)
    // Answers to what was written before the lock may still be on their way.
    await until(() => load.count("verify", 200, load.outcomes.length - 8) > 0)
    const locked = load.outcomes.length
    await until(() => isEnough(load, locked) && load.count("verify", 200, locked) >= 50)
    expect(load.count("verify", 503, locked)).toBe(0)
    expect(await new Client(demo.url).get("/healthz")).toMatchObject({ status: 200 })
    expect(await new Client(demo.url).get("/readyz")).toMatchObject({ status: 200 })
    // Two people issue, so at most two such answers were on their way.
    expect(load.count("issue", 201, locked)).toBeLessThanOrEqual(2)
    await release()

    const released = load.outcomes.length
    await until(() => load.count("issue", 201, released) >= 10)
    await load.stop()
    await expectSoundness(load, demo)
    await demo.end()
    expectIntact(filename)
  },
)

const hasPrlimit = await run("prlimit", ["--version"]).then(
  () => true,
  () => false,
)

it.skipIf(!hasPrlimit)(
  "a file that can't grow any more (by Linux's prlimit; skipped where there is none): writes are 503, verifies go on, and all recovers",
  async () => {
    const filename = newFile()
    const demo = await startDemoProcess({ STORE_URL: `sqlite:${filename}` })
    const load = await Load.on(demo.url)
    await until(() => load.count("issue", 201) >= 10)

    const size = statSync(`${filename}-wal`).size
    await run("prlimit", ["--pid", String(demo.pid), `--fsize=${size}:`])
    await until(() => load.count("issue", 503) >= 10)
    const full = load.outcomes.length
    await until(() => load.count("verify", 200, full) >= 20)
    expect(load.count("verify", 503)).toBe(0)
    expect(await new Client(demo.url).get("/healthz")).toMatchObject({ status: 200 })

    await run("prlimit", ["--pid", String(demo.pid), "--fsize=unlimited:"])
    const roomy = load.outcomes.length
    await until(() => load.count("issue", 201, roomy) >= 10)
    await load.stop()
    await expectSoundness(load, demo)
    await demo.end()
    expectIntact(filename)
  },
)
