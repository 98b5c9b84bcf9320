/** Makes up for a monitor of the driver that has stopped to look for its server. */
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

/**
 * Closes and connects the client again when nothing has been heard of a server, good or bad, for that many milliseconds.
 * In driver 7.9 a look that begins in the moment in which its connection ends waits for ever: the server is never found
 * again, though it be back long since. Call it before the client connects. Returns what ends the watch, to be called
 * before the client is closed for good. Uses of the client while it reconnects are rejected as in any other outage.
 *
 * The default is a second more than the driver's pause between two looks and its patience with each together: 41 seconds,
 * less if the client's `heartbeatFrequencyMS` and `connectTimeoutMS` are. Without a `connectTimeoutMS` (0) a look may
 * take for ever, and nothing is done.
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
  const watch = setInterval(() => {
    const isSilent = [...heardOf.values()].some((at) => performance.now() - at > longestSilenceMilliseconds)
    if (isSilent && !isReconnecting) void reconnect()
  }, checkMilliseconds)
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
