/** The demo as a running server: opens the store, listens, fills an empty store, and closes everything in order. */
import { once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import { Dpop } from "@tokenry/dpop"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { makeApp } from "./app.ts"
import type { Configuration } from "./Configuration.ts"
import { loadFixtures } from "./fixtures.ts"
import { answerDraining } from "./http/answerDraining.ts"
import { answerStarting } from "./http/answerStarting.ts"
import { answerUnparsable } from "./http/answerUnparsable.ts"
import { continueOnRead } from "./http/continuing.ts"
import { makeLog } from "./http/logging.ts"
import { guardOf } from "./http/guard.ts"
import { limited, windowSeconds } from "./http/rateLimits.ts"
import { securityHeadersOf } from "./http/securityHeaders.ts"
import { type Connections, watchConnections } from "./http/stopping.ts"
import { openSigningKeys } from "./oauth/signingKeys.ts"
import type { DemoScope } from "./scopes.ts"
import { olderTokenFormat, scopeCatalogue, tokenFormat, tokenPolicy } from "./scopes.ts"
import { describeLocation, isWorthWaiting, openStore } from "./store/openStore.ts"
import { openRateCounters, type RateCounters } from "./store/rateCounters.ts"
import type { Store } from "./store/Store.ts"

export interface Demo {
  /** The public URL. */
  readonly publicUrl: string
  readonly tokens: PromiseApiTokens<DemoScope>
  readonly store: Store
  /** Whether the store was empty and has been filled with fixtures. */
  readonly isNew: boolean
  /**
   * Writes pending uses, answers `readyz` with 503 for the drain period, then closes all connections and the store,
   * which takes less than five more seconds. Idempotent.
   */
  readonly stop: () => Promise<void>
}

export interface StartOptions {
  /** Aborting it stops the demo. If it is still waiting for its store, starting rejects. */
  readonly signal?: AbortSignal
  /** Aborting it ends the drain period and cuts off slow requests when the demo stops. */
  readonly hasten?: AbortSignal
  /** Receives one line for people if the database server isn't available yet. */
  readonly onWaiting?: (line: string) => void
  /** Receives each log line. Default: standard error. */
  readonly writeLog?: (line: string) => void
}

/**
 * Starts listening, and reports "not ready" until the store is open. Waits for a database server that isn't available
 * yet. Rejects with a one-line error if the port is in use or the store can't be opened.
 */
export const startDemo = async (
  configuration: Configuration,
  {
    signal = new AbortController().signal,
    hasten = new AbortController().signal,
    onWaiting = () => {},
    writeLog = (line) => console.error(line),
  }: StartOptions = {},
): Promise<Demo> => {
  const jwts = { keys: await openSigningKeys(configuration.signingKeysFile), audiences: configuration.audiences }
  const log = makeLog({ level: configuration.log, write: writeLog })
  let handle = answerListening
  let headers: Readonly<Record<string, string>> = {}
  const keepAliveTimeout = configuration.keepAliveSeconds * 1000
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout })
  const connections = watchConnections(server)
  continueOnRead(server)
  server.on("request", (request, response) => {
    log.watch(request, response)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    handle(request, response)
  })
  await listen(server, configuration)
  const publicUrl = configuration.publicUrl ?? addressOf(server, configuration.host)
  headers = securityHeadersOf(publicUrl)
  handle = answerStarting(publicUrl)
  server.on("clientError", answerUnparsable(publicUrl, log.unparsable))
  try {
    const opened = await openPatiently(configuration, { signal, onError: (cause) => log.error(cause) }, (where) =>
      onWaiting(`Tokenry's demo is listening at ${publicUrl} and waiting for its store: ${where}`),
    )
    const { tokens, store, isNew, counters } = opened
    const { rateLimit: limit, trustedProxies } = configuration
    const problemBase = `${publicUrl}/problems/`
    const rateLimits = limited({ problemBase, limit, counters, onError: (cause) => log.error(cause) })
    const dpop = Dpop.make({ baseUrl: publicUrl })
    const guard = guardOf({ tokens, publicUrl, limits: rateLimits.ofTokens, dpop })
    handle = makeApp({ tokens, guard, dpop, store, publicUrl, rateLimits, trustedProxies, jwts }, log).callback()
    const stopNow = async () => {
      handle = answerDraining(publicUrl, handle)
      await drain(opened, connections, {
        seconds: configuration.drainSeconds,
        hasten,
        onError: (error) => log.error(error),
      })
    }
    let stopping: Promise<void> | undefined
    const stop = () => (stopping ??= stopNow())
    signal.addEventListener("abort", () => void stop(), { once: true })
    return { publicUrl, tokens, store, isNew, stop }
  } catch (error) {
    await connections.close(hasten)
    throw error
  }
}

/** Between listening and knowing the port. */
const answerListening: RequestListener = (_, response) => response.writeHead(503).end()

interface Opened extends Pick<Demo, "tokens" | "store" | "isNew"> {
  readonly counters: RateCounters
}

interface OpenOptions {
  readonly signal: AbortSignal
  readonly onError: (cause: unknown) => void
}

/** Retries once a second during an outage. Every step is idempotent. */
const openPatiently = async (
  configuration: Configuration,
  options: OpenOptions,
  onWaiting: (where: string) => void,
): Promise<Opened> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open(configuration, options)
    } catch (error) {
      if (!isWorthWaiting(configuration.store, error)) throw error
      if (attempt === 1) onWaiting(describeLocation(configuration.store))
      await sleep(1000, undefined, { signal: options.signal })
    }
  }
}

const open = async (configuration: Configuration, { signal, onError }: OpenOptions): Promise<Opened> => {
  const store = await openStore(configuration.store)
  let tokens: PromiseApiTokens<DemoScope> | undefined
  let counters: RateCounters | undefined
  try {
    tokens = await openTokens(store, configuration)
    counters = await openRateCounters(configuration.store, { windowSeconds, onError })
    const isNew = configuration.loadsFixtures && (await loadFixtures(store))
    signal.throwIfAborted()
    return { store, tokens, isNew, counters }
  } catch (error) {
    await closeAll({ tokens, store, counters })
    throw error
  }
}

interface Closable {
  readonly tokens: PromiseApiTokens<DemoScope> | undefined
  readonly store: Store
  readonly counters: RateCounters | undefined
}

const closeAll = async ({ tokens, store, counters }: Closable): Promise<void> => {
  await counters?.close()
  await tokens?.close()
  await store.close()
}

const openTokens = (
  { accounts, tokenRepository, tokenUsage }: Store,
  { sweeps }: Configuration,
): Promise<PromiseApiTokens<DemoScope>> =>
  createApiTokens({
    repository: Layer.succeedContext(
      Context.make(ApiTokenRepository, tokenRepository).pipe(Context.add(TokenUsageStore, tokenUsage)),
    ),
    owners: async (ownedBy) => {
      const account = await accounts.find(ownedBy)
      return account?.active ? { active: true, scopes: account.scopes } : { active: false }
    },
    catalogue: scopeCatalogue,
    policy: tokenPolicy,
    format: tokenFormat,
    alsoAccept: [olderTokenFormat],
    ...(sweeps && { sweeps }),
  })

const listen = async (server: Server, { host, port }: Configuration): Promise<void> => {
  server.listen(port, host)
  await once(server, "listening").catch((error: NodeJS.ErrnoException) => {
    throw new Error(listenProblems[error.code ?? ""]?.(host, port) ?? `Can't listen on ${host}:${port}: ${error.code}`)
  })
}

const listenProblems: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) =>
    `Port ${port} on ${host} is already in use. Stop the program that uses it, or set PORT to another port`,
  EACCES: (_, port) => `Port ${port} needs privileges this user doesn't have. Set PORT to 1024 or higher`,
  EADDRNOTAVAIL: (host) => `HOST ${host} is not an address of this machine`,
  ENOTFOUND: (host) => `HOST ${host} is not an address of this machine`,
}

const addressOf = (server: Server, host: string): string => {
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`
}

interface Draining {
  readonly seconds: number
  readonly hasten: AbortSignal
  readonly onError: (error: unknown) => void
}

/** Writes pending uses first, so nothing is lost if the process is killed during the drain period. */
const drain = async (
  opened: Opened,
  connections: Connections,
  { seconds, hasten, onError }: Draining,
): Promise<void> => {
  await opened.tokens.flush().catch(onError)
  await sleep(seconds * 1000, undefined, { signal: hasten }).catch(() => {})
  await connections.close(hasten)
  await closeAll(opened)
}
