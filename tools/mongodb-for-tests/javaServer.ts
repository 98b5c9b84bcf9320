/** `mongo-java-server` from Maven Central: an in-memory server with MongoDB's wire protocol, on Java 17 or newer. */
import { execFile, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdir, readFile, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { promisify } from "node:util"
import type { RunningServer } from "./MongoServerForTests.ts"

const pom = join(import.meta.dirname, "pom.xml")
const launcher = join(import.meta.dirname, "Launch.java")
const cache = join(import.meta.dirname, "../../node_modules/.cache/mongodb-for-tests")

/** With more threads, a read during a replace can return half of the old document and half of the new one. */
const onOneThread = "-Dio.netty.eventLoopThreads=1"

/** The first start on a machine fetches the jars. Later starts take about two seconds. */
export const startJavaServer = async (): Promise<RunningServer> => {
  const jars = await jarsFolder()
  const java = spawn(javaCommand(), [onOneThread, "-cp", join(jars, "*"), launcher], {
    stdio: ["pipe", "pipe", "pipe"],
  })
  let complaints = ""
  java.stderr.on("data", (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(-2000)))
  java.on("error", (error) => (complaints += error.message))
  // Writing to a process that is gone fails; its exit is what counts.
  java.stdin.on("error", () => undefined)
  const ended = once(java, "exit").catch(() => undefined)

  const stop = async () => {
    java.stdin.end()
    const slow = setTimeout(() => java.kill("SIGKILL"), 3000)
    await ended
    clearTimeout(slow)
  }
  const slow = setTimeout(() => java.kill("SIGKILL"), 180_000)
  try {
    const url = await firstLineOf(java.stdout, ended)
    if (url === undefined) throw new Error(`the server doesn't start (is it Java 17 or newer?): ${complaints.trim()}`)
    return { url, stop }
  } finally {
    clearTimeout(slow)
  }
}

/** The same Java that Maven uses. */
const javaCommand = (): string => {
  const home = process.env["JAVA_HOME"]
  return home === undefined || home === "" ? "java" : join(home, "bin/java")
}

const firstLineOf = async (stream: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<string | undefined> => {
  const lines = createInterface(stream)
  const line = once(lines, "line").then(([text]) => String(text).trim())
  return Promise.race([line, ended.then(() => undefined)])
}

/** The folder with the jars. They are fetched into a temporary folder that is then renamed, so it is never half full. */
const jarsFolder = async (): Promise<string> => {
  const version = createHash("sha256")
    .update(await readFile(pom))
    .digest("hex")
    .slice(0, 12)
  const folder = join(cache, version)
  if (existsSync(folder)) return folder
  const fetched = join(cache, `fetching-${process.pid}`)
  await mkdir(fetched, { recursive: true })
  try {
    await run(
      "mvn",
      ["--quiet", "--batch-mode", "--file", pom, "dependency:copy-dependencies", `-DoutputDirectory=${fetched}`],
      { timeout: 180_000 },
    )
    await rename(fetched, folder).catch((error: unknown) => {
      // Another run was faster.
      if (!existsSync(folder)) throw error
    })
    return folder
  } finally {
    await rm(fetched, { recursive: true, force: true })
  }
}

const run = promisify(execFile)
