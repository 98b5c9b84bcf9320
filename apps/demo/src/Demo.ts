/** The demo as a running server: opens the store, listens, fills an empty store, and closes everything in order. */
import { once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { ApiTokenRepository } from "@tokenry/core"
import { openApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import { Layer } from "effect"
import { makeApp } from "./app.ts"
import type { Configuration } from "./Configuration.ts"
import { loadFixtures } from "./fixtures.ts"
import { olderTokenFormat, scopeCatalogue, tokenFormat, tokenPolicy } from "./scopes.ts"
import { openSqliteStore } from "./store/SqliteStore.ts"
import type { Store } from "./store/Store.ts"

export interface Demo {
  /** What the world calls it. */
  readonly publicUrl: string
  readonly tokens: PromiseApiTokens
  readonly store: Store
  /** Whether the store was empty and has been filled with fixtures. */
  readonly isNew: boolean
  /** Stops accepting, lets what runs finish (ten seconds at most), and closes the store. Idempotent. */
  readonly stop: () => Promise<void>
}

/** Rejects with an error of one clear line if the port is in use or the store can't be opened. */
export const startDemo = async (configuration: Configuration): Promise<Demo> => {
  let handle = answerStarting
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) =>
    handle(request, response),
  )
  await listen(server, configuration)
  let store: Store | undefined
  let tokens: PromiseApiTokens | undefined
  const close = async () => {
    await drain(server)
    await tokens?.close()
    await store?.close()
  }
  try {
    store = await openSqliteStore(configuration.store)
    tokens = await openTokens(store)
    const isNew = configuration.loadsFixtures && (await loadFixtures(store))
    const publicUrl = configuration.publicUrl ?? addressOf(server)
    handle = makeApp({ tokens, store, publicUrl }, logError).callback()
    let stopping: Promise<void> | undefined
    return { publicUrl, tokens, store, isNew, stop: () => (stopping ??= close()) }
  } catch (error) {
    await close()
    throw error
  }
}

/** What went wrong here, under the id that the client's answer has too. */
const logError = (error: unknown, id: string): void => {
  console.error(`${new Date().toISOString()} error ${id}`, error)
}

const answerStarting: RequestListener = (_, response) => response.writeHead(503, { "Retry-After": "1" }).end()

const openTokens = ({ accounts, tokenRepository }: Store): Promise<PromiseApiTokens> =>
  openApiTokens({
    repository: Layer.succeed(ApiTokenRepository, tokenRepository),
    owners: async (ownedBy) => {
      const account = await accounts.find(ownedBy)
      return account?.active ? { active: true, scopes: account.scopes } : { active: false }
    },
    scopes: scopeCatalogue,
    policy: tokenPolicy,
    format: tokenFormat,
    alsoAccept: [olderTokenFormat],
  })

const listen = async (server: Server, { host, port }: Configuration): Promise<void> => {
  server.listen(port, host)
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    throw new Error(listenProblems[error.code ?? ""]?.(host, port) ?? `Can't listen on ${host}:${port}: ${error.code}`)
  })
}

const listenProblems: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) => `Port ${port} on ${host} is in use already: stop what uses it, or set PORT to another`,
  EACCES: (_, port) => `Port ${port} may not be used by this user: set PORT to one from 1024 on`,
  EADDRNOTAVAIL: (host) => `HOST ${host} is no address of this machine`,
  ENOTFOUND: (host) => `HOST ${host} is no address of this machine`,
}

const addressOf = (server: Server): string => {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`
}

/** Idle connections end now, busy ones with their answer, and all after ten seconds. */
const drain = async (server: Server): Promise<void> => {
  if (!server.listening) return
  const closed = once(server, "close")
  server.close()
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  const deadline = setTimeout(() => server.closeAllConnections(), 10_000)
  await closed
  clearInterval(idle)
  clearTimeout(deadline)
}
