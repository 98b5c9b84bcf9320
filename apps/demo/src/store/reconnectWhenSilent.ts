/** Makes up for a monitor of the driver that has stopped to look for its server. */
import { setTimeout as sleep } from "node:timers/promises"
import type { MongoClient } from "mongodb"

/** More than the driver's pause between two looks (2 seconds) and its patience with each (3) together. */
const longestSilence = 6000

/**
 * Closes and connects the client again when nothing has been heard of a server, good or bad, for six seconds. In driver
 * 7.9 a look that begins in the moment in which its connection ends waits for ever: the server is never found again,
 * though it be back long since. Returns what ends the watch.
 */
export const reconnectWhenSilent = (client: MongoClient): (() => void) => {
  const heardOf = new Map<string, number>()
  const hear = (address: string) => void heardOf.set(address, Date.now())
  client.on("serverOpening", ({ address }) => hear(address))
  client.on("serverHeartbeatSucceeded", ({ connectionId }) => hear(connectionId))
  client.on("serverHeartbeatFailed", ({ connectionId }) => hear(connectionId))
  client.on("serverClosed", ({ address }) => void heardOf.delete(address))

  const over = new AbortController()
  let isReconnecting = false
  const reconnect = async () => {
    isReconnecting = true
    await client.close().catch(() => undefined)
    heardOf.clear()
    while (!over.signal.aborted && !(await isConnected(client))) await sleep(500)
    isReconnecting = false
  }
  const watch = setInterval(() => {
    const isSilent = [...heardOf.values()].some((at) => Date.now() - at > longestSilence)
    if (isSilent && !isReconnecting) void reconnect()
  }, 500)
  watch.unref()
  return () => {
    over.abort()
    clearInterval(watch)
  }
}

/** Whether connecting worked. Why it didn't is no news: as long as no server is found, every use says so. */
const isConnected = (client: MongoClient): Promise<boolean> =>
  client.connect().then(
    () => true,
    () => false,
  )
