/**
 * Goodput of lookups in MongoDB under overload, beside the bare driver: `pnpm bench:overload`.
 *
 * A pool of 4 connections over a network with 50 ms of latency each way can answer 40 lookups a second at most, fewer
 * on a busy machine, so the benchmark measures its capacity first. A lookup counts if it is answered within its
 * deadline of 1 second.
 */
import { once } from "node:events"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { ApiTokenRepository, Digest } from "@tokenry/core/adapter"
import { MongoRepository } from "@tokenry/mongodb"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { MongoClient } from "mongodb"
import { findMongoServer } from "../../tools/mongodb-for-tests/MongoServer.ts"

const poolSize = 4
const oneWayMilliseconds = 50
const deadlineMilliseconds = 1000
const loads = [0.5, 1, 1.5, 3]
const seconds = 12
/** Overload only shows once the queues are full. */
const warmUpSeconds = 5

type LookUp = () => Promise<unknown>

interface Outcome {
  /** Lookups answered in time, per second, after the warm-up. */
  readonly goodput: number
  /** The median time until a lookup failed, in milliseconds. */
  readonly failedAfter: number
  /** Connections opened, including the first ones. */
  readonly connections: number
}

/** Sends lookups at a steady rate, whether or not earlier ones have been answered. */
const underLoad = async (lookUp: LookUp, perSecond: number, client: MongoClient): Promise<Outcome> => {
  let connections = poolSize
  const count = () => void (connections += 1)
  client.on("connectionCreated", count)
  const began = performance.now()
  const failures: Array<number> = []
  const pending: Array<Promise<void>> = []
  let good = 0
  for (let sent = 0; sent < perSecond * seconds; sent++) {
    const due = began + (sent * 1000) / perSecond
    const early = due - performance.now()
    if (early > 0) await sleep(early)
    const sentAt = performance.now()
    const isCounted = sentAt - began > warmUpSeconds * 1000
    pending.push(
      lookUp().then(
        () => void (good += Number(isCounted && performance.now() - sentAt <= deadlineMilliseconds)),
        () => void failures.push(performance.now() - sentAt),
      ),
    )
  }
  await Promise.all(pending)
  client.off("connectionCreated", count)
  const failedAfter = failures.toSorted((left, right) => left - right)[Math.floor(failures.length / 2)] ?? 0
  return { goodput: good / (seconds - warmUpSeconds), failedAfter, connections }
}

/** Forwards everything after a delay. */
const startSlowNetwork = async (to: URL): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> => {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(to.port || "27017"), to.hostname)
    const end = () => {
      near.destroy()
      far.destroy()
      sockets.delete(near)
    }
    sockets.add(near)
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true)
      from.on("error", end).on("close", end)
      from.on("data", (bytes) => void setTimeout(() => into.writable && into.write(bytes), oneWayMilliseconds))
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/?directConnection=true`
  const stop = async () => {
    const closed = once(server, "close")
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return { url, stop }
}

const { url: serverUrl, description, stop: stopServer } = await findMongoServer()
const network = await startSlowNetwork(new URL(serverUrl))
const databaseName = `tokenry-bench-${process.pid}`
const digest = Digest.fromHex("0".repeat(64))

/** A client whose connections are all open. */
const opened = async (): Promise<MongoClient> => {
  const client = new MongoClient(network.url, { maxPoolSize: poolSize, minPoolSize: poolSize, maxConnecting: poolSize })
  await client.connect()
  const ping = () => client.db(databaseName).command({ ping: 1 })
  await Promise.all(Array.from({ length: poolSize * 4 }, ping))
  return client
}

/** Typical code on the bare driver: one time limit for the server, and one for the whole call. */
const findWith = (client: MongoClient): LookUp => {
  const tokens = client.db(databaseName).collection("api_token")
  return () =>
    tokens.findOne(
      { "secrets.digest": digest.hex },
      { maxTimeMS: deadlineMilliseconds, signal: AbortSignal.timeout(deadlineMilliseconds) },
    )
}

/** Lookups per second when every connection is always busy and no lookup waits. */
const measureCapacity = async (): Promise<number> => {
  const client = await opened()
  const find = findWith(client)
  const began = performance.now()
  let found = 0
  const one = async () => {
    while (performance.now() - began < 5000) {
      await find().then(
        () => void (found += 1),
        () => undefined,
      )
    }
  }
  await Promise.all(Array.from({ length: poolSize }, one))
  const elapsed = performance.now() - began
  await client.close()
  return (found * 1000) / elapsed
}

const bareDriver = async (perSecond: number): Promise<Outcome> => {
  const client = await opened()
  const outcome = await underLoad(findWith(client), perSecond, client)
  await client.close()
  return outcome
}

const tokenry = async (perSecond: number): Promise<Outcome> => {
  const client = await opened()
  const runtime = ManagedRuntime.make(
    MongoRepository.layerFrom(client, { databaseName, deadlines: { read: deadlineMilliseconds } }),
  )
  const repository = await runtime.runPromise(ApiTokenRepository)
  const outcome = await underLoad(() => runtime.runPromise(repository.findByDigest([digest])), perSecond, client)
  await runtime.dispose()
  await client.close()
  return outcome
}

console.log(`${description}. To reach: goodput >= 80 % of the capacity from 1.5 x on.\n`)
console.log("load    way          capacity/s  goodput/s  of capacity  failed after  connections")
for (const load of loads) {
  for (const [name, measure] of [
    ["bare driver", bareDriver],
    ["Tokenry", tokenry],
  ] as const) {
    const capacity = await measureCapacity()
    const { goodput, failedAfter, connections } = await measure(load * capacity)
    const share = `${Math.round((100 * goodput) / capacity)} %`
    console.log(
      `${`${load} x`.padEnd(7)} ${name.padEnd(12)} ${capacity.toFixed(1).padStart(10)} ${goodput.toFixed(1).padStart(10)}  ${share.padStart(11)}  ` +
        `${`${Math.round(failedAfter)} ms`.padStart(12)}  ${String(connections).padStart(11)}`,
    )
  }
}
const cleaner = new MongoClient(serverUrl)
await cleaner.db(databaseName).dropDatabase()
await cleaner.close()
await network.stop()
await stopServer()
