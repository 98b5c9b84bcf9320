/** Works around a driver monitor that has stopped looking for its server. */
import { promises as timers } from "node:timers"

/** The part of a `MongoClient` needed to watch it. */
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

/** How often to check for silence, and to retry connecting. */
const checkMilliseconds = 500

/** A check this late means that the process was frozen and couldn't hear its servers. */
const lateMilliseconds = 2 * checkMilliseconds

/**
 * Closes and reconnects the client after a server's monitor has reported nothing, neither success nor failure, for this many
 * milliseconds. In driver 7.9 a heartbeat that starts just as its connection ends waits forever, so the driver never finds
 * the server again. Call this before the client connects. It returns a function that stops watching; call that before
 * you close the client. While the client reconnects, its operations fail as in any outage.
 *
 * A frozen process (a paused container, a suspended virtual machine) hears nothing, which says nothing about its servers, so
 * it starts counting anew.
 *
 * Default: `heartbeatFrequencyMS` plus `connectTimeoutMS` plus 1 second, which is 41 seconds with the driver's defaults. With
 * `connectTimeoutMS: 0` a heartbeat may take forever, so the client is never reconnected.
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
    // Twice in a row, so a heartbeat that arrived just before the first check is read by the second.
    if (isSilent && wasSilent && !isReconnecting) void reconnect()
    wasSilent = isSilent
  }
  // Timers run before I/O; `setImmediate` lets heartbeats be read first that have already arrived.
  const watch = setInterval(() => setImmediate(check), checkMilliseconds)
  watch.unref()
  return () => {
    over.abort()
    clearInterval(watch)
  }
}

const silenceAllowedBy = ({ heartbeatFrequencyMS, connectTimeoutMS }: WatchableClient["options"]): number =>
  connectTimeoutMS === 0 ? Infinity : heartbeatFrequencyMS + connectTimeoutMS + 1000

/** Whether connecting succeeded. The reason for a failure isn't lost: every operation reports it. */
const isConnected = (client: WatchableClient): Promise<boolean> =>
  client.connect().then(
    () => true,
    () => false,
  )
