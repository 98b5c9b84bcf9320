/**
 * How long after another process has revoked a token a cache still accepts it: with the feed following, and with a feed
 * that is cut, frozen or loses its messages. `pnpm bench:postgres-changes`
 */
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import { PostgresRepository } from "@tokenry/postgres"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { fork } from "node:child_process"
import { once } from "node:events"
import { setImmediate } from "node:timers/promises"
import { aProxy } from "../../packages/postgres/test/proxy.ts"
import { EmbeddedServer } from "../../tools/postgres-for-tests/EmbeddedServer.ts"
import { ownerOf, requestOf, scopes } from "./setting.ts"

const staleness = 5000

/** The clock that all processes of a machine share, in milliseconds. */
const now = () => Number(process.hrtime.bigint()) / 1e6

/** The other process: issues a token for an empty message, and revokes the token whose id it is sent. */
const revoke = async (url: string) => {
  const tokens = await createApiTokens({ repository: PostgresRepository.layer({ url }), catalogue: scopes })
  process.on("disconnect", () => void tokens.close())
  process.on("message", async (id: string) => {
    if (id === "") process.send?.(await tokens.issue(requestOf(0)))
    else {
      await tokens.revoke({ id, ownedBy: ownerOf(0) })
      process.send?.(now())
    }
  })
  process.send?.("ready")
}

const measure = async () => {
  const server = await EmbeddedServer.start()
  const url = `${server.url}/postgres`
  const scope = Scope.makeUnsafe()
  const proxy = await Effect.runPromise(Scope.provide(aProxy(url), scope))
  const tokens = await createApiTokens({
    repository: PostgresRepository.layer({ url: proxy.url }),
    catalogue: scopes,
    cache: { maxStaleness: staleness },
  })
  const other = fork(import.meta.filename, [url], { execArgv: process.execArgv })
  await once(other, "message")
  const call = async <A>(id: string): Promise<A> => {
    const answer = once(other, "message")
    other.send(id)
    return (await answer)[0] as A
  }

  /** Milliseconds from the revocation's answer there to the first refusal here. */
  const delay = async (fault: Parameters<typeof proxy.behave>[0]["feed"] & string): Promise<number> => {
    const { plaintext, token } = await call<Awaited<ReturnType<PromiseApiTokens["issue"]>>>("")
    await untilFollowed(tokens, plaintext)
    proxy.behave({ feed: fault })
    const revoked = call<number>(token.id)
    let refusedAt = 0
    while (refusedAt === 0) {
      if (!(await tokens.verify(plaintext)).accepted) refusedAt = now()
      await setImmediate()
    }
    const late = Math.max(0, refusedAt - (await revoked))
    proxy.behave({ feed: "pass" })
    return late
  }

  console.log(`From a revocation in one process to the refusal in another, with maxStaleness ${staleness} ms.\n`)
  for (const [name, fault, tries] of [
    ["the feed follows", "pass", 200],
    ["the feed is cut", "cut", 10],
    ["the feed is frozen", "freeze", 10],
    ["all its messages are lost", "drop everything", 10],
    ["only changes are lost", "drop changes", 10],
  ] as const) {
    const delays: Array<number> = []
    for (let turn = 0; turn < tries; turn++) delays.push(await delay(fault))
    const sorted = delays.toSorted((left, right) => left - right)
    const median = sorted[Math.floor(tries / 2)] as number
    console.log(
      `${name.padEnd(28)} ${String(tries).padStart(3)} tries: median ${median.toFixed(1)} ms, worst ${sorted.at(-1)?.toFixed(1)} ms`,
    )
  }
  other.disconnect()
  await tokens.close()
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await server.stop()
}

/** Waits until a verify comes from the cache, which is far quicker than a lookup could be. */
const untilFollowed = async (tokens: PromiseApiTokens, plaintext: string): Promise<void> => {
  for (;;) {
    await tokens.verify(plaintext)
    const ticket = { isDone: false }
    const verified = tokens.verify(plaintext).then(() => (ticket.isDone = true))
    // An answer from the cache needs no input: it is there before the event loop turns.
    await Promise.resolve().then(() => Promise.resolve())
    for (let turn = 0; turn < 20 && !ticket.isDone; turn++) await Promise.resolve()
    const wasCached = ticket.isDone
    await verified
    if (wasCached) return
    await setImmediate()
  }
}

const [, , url] = process.argv
await (url === undefined ? measure() : revoke(url))
