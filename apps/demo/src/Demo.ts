/** The demo as a running server: opens the store, listens, fills an empty store, and closes everything in order. */
import { once } from "node:events"
import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import { Context, Layer } from "effect"
import { makeApp } from "./app.ts"
import type { Configuration } from "./Configuration.ts"
import { loadFixtures } from "./fixtures.ts"
import { answerStarting } from "./http/answerStarting.ts"
import { answerUnparsable } from "./http/answerUnparsable.ts"
import { makeLog } from "./http/logging.ts"
import { guardOf } from "./http/guard.ts"
import type { DemoScope } from "./scopes.ts"
import { limited, unlimited, windowSeconds } from "./http/rateLimits.ts"
import { olderTokenFormat, scopeCatalogue, tokenFormat, tokenPolicy } from "./scopes.ts"
import { describeLocation, isWorthWaiting, openStore } from "./store/openStore.ts"
import { openRateCounters, type RateCounters } from "./store/rateCounters.ts"
import type { Store } from "./store/Store.ts"

export interface Demo {
  /** What the world calls it. */
  readonly publicUrl: string
  readonly tokens: PromiseApiTokens<DemoScope>
  readonly store: Store
  /** Whether the store was empty and has been filled with fixtures. */
  readonly isNew: boolean
  /** Stops accepting, lets what runs finish (ten seconds at most), and closes the store. Idempotent. */
  readonly stop: () => Promise<void>
}

export interface StartOptions {
  /** Aborting it stops the demo, also while it still waits for its store; then starting rejects. */
  readonly signal?: AbortSignal
  /** Told once, with one line for people, if the store's server is not there yet. */
  readonly onWaiting?: (line: string) => void
  /** Takes each line of the log. The default is the standard error output. */
  readonly writeLog?: (line: string) => void
}

/**
 * Listens, and answers that it is not ready until the store is open. Waits for a database server that is not there yet.
 * Rejects with an error of one clear line if the port is in use or the store can't be opened.
 */
export const startDemo = async (
  configuration: Configuration,
  {
    signal = new AbortController().signal,
    onWaiting = () => {},
    writeLog = (line) => console.error(line),
  }: StartOptions = {},
): Promise<Demo> => {
  const log = makeLog({ level: configuration.log, write: writeLog })
  let handle = answerListening
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    log.watch(request, response)
    return handle(request, response)
  })
  await listen(server, configuration)
  const publicUrl = configuration.publicUrl ?? addressOf(server, configuration.host)
  handle = answerStarting(publicUrl)
  server.on("clientError", answerUnparsable(publicUrl, log.unparsable))
  try {
    const opened = await openPatiently(configuration, signal, (where) =>
      onWaiting(`Tokenry's demo listens at ${publicUrl}, and waits for its store, which does not answer yet: ${where}`),
    )
    const { tokens, store, isNew, counters } = opened
    const { rateLimit: limit, trustedProxies } = configuration
    const problemBase = `${publicUrl}/problems/`
    const onError = (cause: unknown) => log.error(cause)
    const rateLimits =
      counters === undefined || limit === "off" ? unlimited : limited({ problemBase, limit, counters, onError })
    const guard = guardOf({ tokens, publicUrl, limits: rateLimits.ofTokens })
    handle = makeApp({ tokens, guard, store, publicUrl, rateLimits, trustedProxies }, log).callback()
    let stopping: Promise<void> | undefined
    const stop = () => (stopping ??= drain(server).then(() => closeAll(opened)))
    signal.addEventListener("abort", () => void stop(), { once: true })
    return { publicUrl, tokens, store, isNew, stop }
  } catch (error) {
    await drain(server)
    throw error
  }
}

/** In the moment between listening and knowing under which address. */
const answerListening: RequestListener = (_, response) => response.writeHead(503).end()

interface Opened extends Pick<Demo, "tokens" | "store" | "isNew"> {
  /** `undefined` if nothing is to be counted. */
  readonly counters: RateCounters | undefined
}

/** Tries once a second, as long as it is an outage that is in the way. Every step can be repeated. */
const openPatiently = async (
  configuration: Configuration,
  signal: AbortSignal,
  onWaiting: (where: string) => void,
): Promise<Opened> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open(configuration, signal)
    } catch (error) {
      if (!isWorthWaiting(configuration.store, error)) throw error
      if (attempt === 1) onWaiting(describeLocation(configuration.store))
      await sleep(1000, undefined, { signal })
    }
  }
}

const open = async (configuration: Configuration, signal: AbortSignal): Promise<Opened> => {
  const store = await openStore(configuration.store)
  let tokens: PromiseApiTokens<DemoScope> | undefined
  let counters: RateCounters | undefined
  try {
    tokens = await openTokens(store)
    if (configuration.rateLimit !== "off") counters = await openRateCounters(configuration.store, { windowSeconds })
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

const openTokens = ({ accounts, tokenRepository, tokenUsage }: Store): Promise<PromiseApiTokens<DemoScope>> =>
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

const addressOf = (server: Server, host: string): string => {
  const { port } = server.address() as AddressInfo
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`
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
