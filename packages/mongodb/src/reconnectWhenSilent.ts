/** Makes up for a monitor of the driver that has stopped looking for its server. */
import { promises as timers } from "node:timers"

/** What of a `MongoClient` is needed to watch it. */
export interface WatchableClient {
  readonly options: { readonly heartbeatFrequencyMS: number; readonly connectTimeoutMS: number }
  on(event: "serverOpening" | "serverClosed", listener: (event: { readonly address: string }) => void): unknown
  on(
    event: "serverHeartbeatSucceeded" | "serverHeartbeatFailed",
    listener: (event: { readonly connectionId: string }) => void,
  ): unknown
  connect(): Promise<unknown>
  close(): Promise<void>
}

/** How often to see whether a server has been silent for too long, and to try to connect again. */
const checkMilliseconds = 500

/** A check this late says that the process stood still, and so heard nothing either. */
const lateMilliseconds = 2 * checkMilliseconds

/**
 * Closes and connects the client again when nothing has been heard of a server, good or bad, for that many milliseconds.
 * In driver 7.9 a heartbeat that begins in the moment in which its connection ends waits for ever: the server is never
 * found again, even when it has been back for long. Call it before the client connects. Returns a function that ends the
 * watch; call it before you close the client for good. Uses of the client while it reconnects are rejected as in any other
 * outage.
 *
 * A process that stood still (a container that was paused, a suspended virtual machine) hears nothing meanwhile, which says
 * nothing about its servers: their silence then counts from anew.
 *
 * The default is a second more than the driver's pause between two heartbeats and its patience with each together: 41
 * seconds, less if the client's `heartbeatFrequencyMS` and `connectTimeoutMS` are. Without a `connectTimeoutMS` (0) a
 * heartbeat may take for ever, and nothing is done.
 */
export const reconnectWhenSilent = (
  client: WatchableClient,
  longestSilenceMilliseconds: number = silenceAllowedBy(client.options),
): (() => void) => {
  const heardOf = new Map<string, number>()
  const hear = (address: string) => void heardOf.set(address, performance.now())
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
    while (!over.signal.aborted && !(await isConnected(client))) await timers.setTimeout(checkMilliseconds)
    isReconnecting = false
  }

  let checkedAt = performance.now()
  let wasSilent = false
  const check = () => {
    if (over.signal.aborted) return
    const now = performance.now()
    const isLate = now - checkedAt > lateMilliseconds
    checkedAt = now
    if (isLate) for (const address of heardOf.keys()) hear(address)
    const isSilent = [...heardOf.values()].some((at) => now - at > longestSilenceMilliseconds)
    // Twice, so that what came just before the first check has been read by the second.
    if (isSilent && wasSilent && !isReconnecting) void reconnect()
    wasSilent = isSilent
  }
  // After the heartbeats that are waiting to be read: timers come before them in the event loop.
  const watch = setInterval(() => setImmediate(check), checkMilliseconds)
  watch.unref()
  return () => {
    over.abort()
    clearInterval(watch)
  }
}

const silenceAllowedBy = ({ heartbeatFrequencyMS, connectTimeoutMS }: WatchableClient["options"]): number =>
  connectTimeoutMS === 0 ? Infinity : heartbeatFrequencyMS + connectTimeoutMS + 1000

/** Whether connecting worked. Why it didn't is no news: as long as no server is found, every use says so. */
const isConnected = (client: WatchableClient): Promise<boolean> =>
  client.connect().then(
    () => true,
    () => false,
  )
