/** A real `mongod`, which mongodb-memory-server downloads once per machine and runs. */
import { readdir } from "node:fs/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { DryMongoBinary, MongoBinary, MongoMemoryServer } from "mongodb-memory-server-core"
import type { RunningServer } from "./MongoServerForTests.ts"

/** How long the download may take to start, and to finish. */
const millisecondsToBegin = 8000
const millisecondsToDownload = 300_000

/** Downloads `mongod` if necessary and starts it. Fails within seconds if the download host refuses or is silent. */
export const startRealMongod = async (): Promise<RunningServer> => {
  process.env["MONGOMS_MAX_RETRIES"] ??= "1"
  const settled = new AbortController()
  try {
    await Promise.race([MongoBinary.getPath(), patience(settled.signal)])
  } finally {
    settled.abort()
  }
  const server = await MongoMemoryServer.create()
  return { url: server.getUri(), stop: async () => void (await server.stop()) }
}

/** Rejects once the download takes too long. */
const patience = async (signal: AbortSignal): Promise<never> => {
  const started = Date.now()
  for (;;) {
    await sleep(500, undefined, { ref: false, signal })
    const waited = Date.now() - started
    if (waited > millisecondsToDownload) throw new Error("the download takes too long")
    if (waited > millisecondsToBegin && !(await isUnderWay())) throw new Error("the download doesn't start")
  }
}

const isUnderWay = async (): Promise<boolean> => {
  const { downloadDir } = await DryMongoBinary.generateOptions()
  const names = await readdir(downloadDir).catch(() => [])
  return names.some((name) => name.startsWith("mongo"))
}
