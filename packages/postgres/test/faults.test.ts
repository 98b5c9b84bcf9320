import { assert, describe, it } from "@effect/vitest"
import { RepositoryUnavailable } from "@tokenry/core"
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import { PostgresOpenError, PostgresRepository } from "@tokenry/postgres"
import { aToken, aUse } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import type pg from "pg"
import { vi } from "vitest"
import { type Address, Proxy } from "../../../tools/faulty-network/Proxy.ts"
import { EmbeddedServer, type EmbeddedServerOptions } from "../../../tools/postgres-for-tests/EmbeddedServer.ts"
import { SmallDisk } from "../../../tools/postgres-for-tests/SmallDisk.ts"
import { Load, type StoredToken, storedTokens } from "./Load.ts"
import { aPlace, aPool, aStore, portsOf, withoutPostgres } from "./stores.ts"

const addressOf = (url: string): Address => {
  const { hostname, port } = new URL(url)
  return { host: hostname, port: Number(port || "5432") }
}

const until = (holds: () => boolean | Promise<boolean>) =>
  Effect.promise(() => vi.waitUntil(holds, { timeout: 200_000, interval: 20 }))

interface Fault {
  readonly begin: Effect.Effect<unknown>
  /** The SQLSTATE it leads to, if there is one. */
  readonly code?: string
  readonly end: Effect.Effect<unknown>
}

/** The load before, during and after the fault: it recovers by itself. */
const survives = (repository: ApiTokenRepository["Service"], pool: pg.Pool, { begin, code, end }: Fault) =>
  Effect.gen(function* () {
    const load = new Load(repository)
    const running = yield* Effect.forkChild(load.run())
    yield* until(() => load.acknowledged.length >= 20 && load.verified >= 20)
    yield* begin
    yield* until(() => load.outages >= 4 && (code === undefined || load.codes.has(code)))
    yield* end
    const [acknowledged, verified] = [load.acknowledged.length, load.verified]
    yield* until(() => load.acknowledged.length >= acknowledged + 10 && load.verified >= verified + 10)
    yield* Fiber.interrupt(running)
    const { rows } = yield* Effect.promise(() => pool.query<StoredToken>(storedTokens))
    load.assertSound(rows)
  })

const aServer = (options: EmbeddedServerOptions = {}) =>
  Effect.acquireRelease(
    Effect.promise(() => EmbeddedServer.start({ isDurable: true, ...options })),
    (server) => Effect.promise(() => server.stop()),
  )

/** A store on a server of its own, and a way to look at it. */
const onOwnServer = (options: EmbeddedServerOptions = {}) =>
  Effect.gen(function* () {
    const server = yield* aServer(options)
    const url = `${server.url}/postgres`
    const { repository } = yield* portsOf(PostgresRepository.layer({ url }))
    return { server, repository, pool: yield* aPool(url) }
  })

/** A network between the store and the server with this URL, and the URL through it. */
const aNetworkTo = (url: string) =>
  Effect.gen(function* () {
    const proxy = yield* Effect.acquireRelease(
      Effect.promise(() => Proxy.start(addressOf(url))),
      (proxy) => Effect.promise(() => proxy.refuse()),
    )
    const through = new URL(url)
    through.host = proxy.host
    return { proxy, through: through.href }
  })

/** The messages of PostgreSQL's protocol: a type, the length of the rest, and the rest. */
const message = (type: string, rest: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(rest.length + 4)
  return Buffer.concat([Buffer.from(type), length, rest])
}

it.live("a server that ends a connection as it accepts it is an outage, and doesn't end the process", () =>
  Effect.gen(function* () {
    const authenticated = message("R", Buffer.alloc(4))
    const ready = message("Z", Buffer.from("I"))
    const ended = message("E", Buffer.from("SFATAL\0C57P01\0Mterminating connection\0\0"))
    const server = createServer((socket) => {
      socket.on("error", () => undefined)
      socket.once("data", () => socket.end(Buffer.concat([authenticated, ready, ended])))
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => once(server.listen(0, "127.0.0.1"), "listening")),
      () => Effect.promise(async () => server.close()),
    )
    const { port } = server.address() as AddressInfo
    const url = `postgres://someone@127.0.0.1:${port}/postgres`
    const error = yield* Effect.flip(portsOf(PostgresRepository.layer({ url })))
    assert.instanceOf(error, PostgresOpenError)
  }),
)

describe.skipIf(withoutPostgres)("under load", () => {
  it.live("a server that is killed and started again loses nothing that it has acknowledged", () =>
    Effect.gen(function* () {
      const { server, repository, pool } = yield* onOwnServer()
      yield* survives(repository, pool, {
        begin: Effect.sync(() => server.kill()),
        end: Effect.promise(() => server.restart()),
      })
    }),
  )

  it.live("a server that hangs is an outage within the deadlines", () =>
    Effect.gen(function* () {
      const { server, repository, pool } = yield* onOwnServer()
      yield* survives(repository, pool, {
        begin: Effect.sync(() => server.freeze()),
        end: Effect.sync(() => server.thaw()),
      })
    }),
  )

  it.live("a read-only standby is an outage for writes alone, and loses nothing once it is promoted", () =>
    Effect.gen(function* () {
      const primary = yield* aServer()
      const standby = yield* Effect.acquireRelease(
        Effect.promise(() => primary.startStandby()),
        (standby) => Effect.promise(() => standby.stop()),
      )
      const { proxy, through } = yield* aNetworkTo(`${primary.url}/postgres`)
      const { repository } = yield* portsOf(PostgresRepository.layer({ url: through }))
      yield* survives(repository, yield* aPool(`${standby.url}/postgres`), {
        begin: Effect.sync(() => {
          primary.kill()
          proxy.redirect(addressOf(standby.url))
        }),
        code: "25006",
        end: Effect.promise(() => standby.promote()),
      })
    }),
  )

  it.live.skipIf(!SmallDisk.isAvailable)(
    "a full disk is an outage until there is space again (needs root on Linux, to mount a small disk)",
    () =>
      Effect.gen(function* () {
        const disk = yield* Effect.acquireRelease(
          Effect.sync(() => SmallDisk.mount(160)),
          (disk) => Effect.sync(() => disk.unmount()),
        )
        const { repository, pool } = yield* onOwnServer({ disk })
        yield* survives(repository, pool, {
          begin: Effect.sync(() => disk.fill()),
          code: "53100",
          end: Effect.sync(() => disk.clear()),
        })
      }),
  )

  const networkFaults: ReadonlyArray<
    readonly [name: string, begin: (proxy: Proxy) => void | Promise<void>, end: (proxy: Proxy) => void | Promise<void>]
  > = [
    ["refuses and cuts connections", (proxy) => proxy.refuse(), (proxy) => proxy.accept()],
    ["breaks off in mid-answer", (proxy) => proxy.cutAnswers(true), (proxy) => proxy.cutAnswers(false)],
    ["passes nothing on", (proxy) => proxy.hang(), (proxy) => proxy.resume()],
  ]

  it.live.each(networkFaults)("a network that %s is only an outage", ([, begin, end]) =>
    Effect.gen(function* () {
      const { url, schema, pool } = yield* aStore()
      const { proxy, through } = yield* aNetworkTo(url)
      const deadlines = { read: "500 millis", write: "1 second" } as const
      const { repository } = yield* portsOf(PostgresRepository.layer({ url: through, schema, deadlines }))
      yield* survives(repository, pool, {
        begin: Effect.promise(async () => begin(proxy)),
        end: Effect.promise(async () => end(proxy)),
      })
    }),
  )
})

describe.skipIf(withoutPostgres)("a connection", () => {
  it.live("that the server has closed while it was idle is replaced without an outage", () =>
    Effect.gen(function* () {
      const { repository, usage, sql } = yield* aStore()
      const token = aToken()
      yield* repository.insert(token)
      const close = sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()",
      )
      yield* close
      assert.isTrue(Option.isSome(yield* repository.findByDigest([token.secrets[0].digest])))
      yield* close
      yield* repository.insert(aToken())
      yield* close
      yield* usage.record([aUse({ tokenId: token.id })])
    }),
  )

  it.live("that isn't free in time is an outage, and the pool works again once one is", () =>
    Effect.gen(function* () {
      const { url, schema } = yield* aPlace
      const pool = yield* aPool(url, { max: 1 })
      const deadlines = { read: "100 millis", write: "100 millis" } as const
      yield* portsOf(PostgresRepository.layerFrom(pool, { schema }))
      const { repository } = yield* portsOf(PostgresRepository.layerFrom(pool, { schema, deadlines, migrate: false }))
      const client = yield* Effect.promise(() => pool.connect())
      const token = aToken()
      for (const attempt of [repository.insert(token), repository.findById(token.id)]) {
        const error = yield* Effect.flip<unknown, unknown, never>(attempt)
        assert.instanceOf(error, RepositoryUnavailable)
      }
      client.release()
      yield* until(() => Effect.runPromise(Effect.isSuccess(repository.insert(aToken()))))
      assert.strictEqual(pool.idleCount, 1)
    }),
  )

  it.live("to a database that its operator has made read-only verifies, and is an outage for writes", () =>
    Effect.gen(function* () {
      const { repository, url, schema } = yield* aStore()
      const token = aToken()
      yield* repository.insert(token)
      const options = "-c default_transaction_read_only=on"
      const readOnly = yield* portsOf(PostgresRepository.layer({ url, schema, pool: { options } }))
      assert.isTrue(Option.isSome(yield* readOnly.repository.findByDigest([token.secrets[0].digest])))
      const { cause } = yield* Effect.flip(readOnly.repository.insert(aToken()))
      assert.deepInclude(cause, { _tag: "PostgresOutage", code: "25006" })
    }),
  )

  it.live("whose statement waits for a lock gives up on the server too", () =>
    Effect.gen(function* () {
      const { pool, schema, sql } = yield* aStore()
      const { repository } = yield* portsOf(
        PostgresRepository.layerFrom(pool, { schema, migrate: false, deadlines: { write: "300 millis" } }),
      )
      const token = aToken()
      yield* until(() => Effect.runPromise(Effect.isSuccess(repository.insert(token))))
      const client = yield* Effect.promise(() => pool.connect())
      yield* Effect.promise(() => client.query("BEGIN; SELECT FROM api_token FOR UPDATE"))
      assert.instanceOf(
        yield* Effect.flip(repository.replace(aToken({ id: token.id, revision: 2 }), 1)),
        RepositoryUnavailable,
      )
      const waiting = sql(
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
      )
      yield* until(async () => (await Effect.runPromise(waiting)).length === 0)
      yield* Effect.promise(() => client.query("ROLLBACK"))
      client.release()
      assert.strictEqual(Option.getOrThrow(yield* repository.findById(token.id)).revision, 1)
    }),
  )
})
