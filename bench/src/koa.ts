/** Requests per second through Koa with a bearer token, beside Koa without authentication. */
import { fork, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import autocannon from "autocannon"
import { compare, type Comparison } from "./compare.ts"

const rounds = 8
const seconds = 2

export const compareThroughKoa = async (): Promise<ReadonlyArray<Comparison>> => {
  const server = fork(new URL("koaServer.ts", import.meta.url), { execArgv: process.execArgv })
  try {
    const [{ bare, guarded, plaintext }] = (await once(server, "message")) as [ServerMessage]
    const headers = { authorization: `Bearer ${plaintext}` }
    return [
      await compare("requests per second through Koa, beside bare Koa", ">= 0.8", rounds, {
        byHand: requestsPerSecond(bare, headers),
        ours: requestsPerSecond(guarded, headers),
      }),
    ]
  } finally {
    await stop(server)
  }
}

/** What the server process reports once it listens. */
export interface ServerMessage {
  readonly bare: string
  readonly guarded: string
  readonly plaintext: string
}

const requestsPerSecond = (url: string, headers: Record<string, string>) => async (): Promise<number> => {
  const { requests, non2xx, errors } = await autocannon({ url, headers, connections: 32, duration: seconds })
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests to ${url} failed`)
  return requests.average
}

const stop = async (server: ChildProcess): Promise<void> => {
  const ended = once(server, "exit")
  server.kill()
  await ended
}
