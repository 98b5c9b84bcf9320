/** Stored tokens that this code can't read: damaged ones, and those that a newer version wrote. */
import { assert, describe, it } from "@effect/vitest"
import { type ApiToken, DamagedToken } from "@tokenry/core"
import { replacingMany, unattributed } from "@tokenry/core/adapter"
import { aDigest, anId, at, aToken, named, owner } from "@tokenry/repository-contract/tokens"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { aStore, type openStore } from "./stores.ts"

const ownedBy = owner("owner-1")

type Store = Effect.Success<ReturnType<typeof openStore>>

const linesOf = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    return Effect.map(Effect.provide(effect, Logger.layer([logger])), (value) => [value, lines] as const)
  })

const oneOf = ({ database }: Store, sql: string, token: ApiToken) =>
  Effect.sync(() => database.connection.prepare(sql).run(token.id))

const set = (assignment: string) => `UPDATE api_token SET ${assignment} WHERE id = ?`
const setSecret = (assignment: string) =>
  `UPDATE api_token_secret SET ${assignment} WHERE token_number = (SELECT number FROM api_token WHERE id = ?)`

describe("a damaged field is named, and nobody else's token suffers", () => {
  it.effect.each<[field: string, sql: string]>([
    ["ownedBy", set("owned_by = ' '")],
    ["scopes", set("scopes = 'treasure:read'")],
    ["scopes", set("scopes = '[1]'")],
    ["scopes", set("scopes = '{}'")],
    ["ancestors", set("ancestors = '[null]'")],
    ["boundTo", set("bound_to = 'any-key'")],
    ["history", set("history = '['")],
    ["history.0", set("history = '[7]'")],
    ["history.0.at", set(`history = json_set(history, '$[0].at', 'soon')`)],
    ["history.0", set(`history = json_remove(history, '$[0].actor')`)],
    ["secrets", "DELETE FROM api_token_secret WHERE token_number = (SELECT number FROM api_token WHERE id = ?)"],
    ["secrets.0.state", setSecret("state = 'suspended'")],
    ["secrets.0.state", setSecret("state = 'retiring', state_at = NULL")],
    ["secrets.0.digest", setSecret("digest = 'abc'")],
  ])("%s, by %s", ([field, sql]) =>
    Effect.gen(function* () {
      const store = yield* aStore
      const [token, other] = [aToken({ ownedBy }), aToken({ ownedBy })]
      for (const each of [token, other]) yield* store.repository.insert(each)
      yield* oneOf(store, sql, token)
      const exit = yield* Effect.exit(store.repository.findById(token.id))
      const damage = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.instanceOf(damage, DamagedToken)
      assert.deepStrictEqual([damage.id, damage.field], [token.id, field])
      const [listed, lines] = yield* linesOf(Stream.runCollect(store.repository.undelivered))
      assert.deepStrictEqual(
        listed.map(({ id }) => id),
        [other.id],
      )
      assert.strictEqual(lines.length, 1)
      assert.include(lines[0], token.id)
      assert.include(lines[0], field)
    }),
  )

  it.effect("an unknown state of a secret is never accepted", () =>
    Effect.gen(function* () {
      const store = yield* aStore
      const token = aToken({ ownedBy })
      yield* store.repository.insert(token)
      yield* oneOf(store, setSecret("state = 'suspended'"), token)
      const exit = yield* Effect.exit(Effect.suspend(() => store.repository.findByDigest([token.secrets[0].digest])))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      const strange = { ...aToken({ ownedBy }).secrets[0], digest: aDigest(), state: { _tag: "Suspended" } as never }
      assert.isTrue(Exit.hasDies(yield* Effect.exit(store.repository.insert(aToken({ ownedBy, secrets: [strange] })))))
    }),
  )

  it.effect("a damaged token is revoked with the others, and keeps what it holds", () =>
    Effect.gen(function* () {
      const store = yield* aStore
      const token = aToken({ ownedBy })
      yield* store.repository.insert(token)
      yield* oneOf(store, set("history = 'lost'"), token)
      const revoking = store.repository.revokeOwnedBy(ownedBy, { at: at(5), reason: "it leaked" }, unattributed)
      const [count, lines] = yield* linesOf(revoking)
      assert.deepStrictEqual([count, lines.length], [1, 1])
      const found = Option.getOrThrow(yield* store.repository.findByDigest([token.secrets[0].digest]))
      assert.isTrue(Option.isSome(found.token.revocation))
      const row = store.database.connection.prepare("SELECT history, revision FROM api_token").get()
      assert.deepStrictEqual({ ...row }, { history: "lost", revision: 2 })
    }),
  )

  it.effect(
    "when many are replaced, a damaged one and a newer version's stay as they are, and the others are written",
    () =>
      Effect.gen(function* () {
        const store = yield* aStore
        const tokens = [aToken({ ownedBy }), aToken({ ownedBy }), aToken({ ownedBy })]
        const [damaged, newer, sound] = tokens as [ApiToken, ApiToken, ApiToken]
        for (const token of tokens) yield* store.repository.insert(token)
        yield* oneOf(store, set("history = 'lost'"), damaged)
        yield* oneOf(store, set("schema_version = 2"), newer)
        const missed = yield* replacingMany(store.repository)(
          tokens.map((token) => ({ token: token.rename(named("x"), at(1), unattributed), expectedRevision: 1 })),
        )
        assert.deepStrictEqual(missed, [damaged.id, newer.id])
        const rows = store.database.connection.prepare("SELECT id, name FROM api_token ORDER BY number").all()
        assert.deepStrictEqual(
          rows.map(({ name }) => name),
          ["CI", "CI", "x"],
        )
        assert.strictEqual(Option.getOrThrow(yield* store.repository.findById(sound.id)).revision, 2)
      }),
  )
})

describe("a token that a newer version wrote", () => {
  const newerThanUs = set("schema_version = 2")
  const unreadable = set("schema_version = 2, readable_from = 2")

  const isNewer = (error: unknown, token: ApiToken) => {
    assert.propertyVal(error, "_tag", "RepositoryUnavailable")
    const { cause } = error as { readonly cause: unknown }
    assert.include(String(cause), `A newer version of Tokenry wrote the token ${token.id}`)
  }

  it.effect("is read and accepted as long as it says that this code may, and never overwritten", () =>
    Effect.gen(function* () {
      const store = yield* aStore
      const { repository } = store
      const token = aToken({ ownedBy, expiresAt: Option.some(at(5)) })
      const child = aToken({ ownedBy, ancestors: [token.id] })
      for (const each of [token, child]) yield* repository.insert(each)
      for (const each of [token, child]) yield* oneOf(store, newerThanUs, each)
      assert.isTrue(Option.isSome(yield* repository.findById(token.id)))
      assert.isTrue(Option.isSome(yield* repository.findByDigest([token.secrets[0].digest])))
      isNewer(yield* Effect.flip(repository.replace(token.rename(named("x"), at(1), unattributed), 1)), token)
      yield* repository.markDelivered(token.id, 1)
      const revocation = { at: at(5), reason: "it leaked" }
      const [revoked, revocationLines] = yield* linesOf(repository.revokeOwnedBy(ownedBy, revocation, unattributed))
      const [purged, purgeLines] = yield* linesOf(repository.purge(at(99)))
      assert.deepStrictEqual([revoked, purged], [0, 0])
      assert.strictEqual(revocationLines.length, 2)
      assert.strictEqual(purgeLines.length, 1)
      assert.include(purgeLines[0], token.id)
      const rows = store.database.connection.prepare("SELECT revision, undelivered, name FROM api_token").all()
      assert.deepStrictEqual(
        rows.map((row) => ({ ...row })),
        [token, child].map(() => ({ revision: 1, undelivered: 1, name: "CI" })),
      )
      const [undelivered, lines] = yield* linesOf(Stream.runCollect(repository.undelivered))
      assert.deepStrictEqual([undelivered.length, lines.length], [0, 2])
    }),
  )

  it.effect("is not accepted if this code may not read it", () =>
    Effect.gen(function* () {
      const store = yield* aStore
      const { repository } = store
      const [token, other] = [aToken({ ownedBy }), aToken({ ownedBy })]
      for (const each of [token, other]) yield* repository.insert(each)
      yield* oneOf(store, unreadable, token)
      const reads = [
        repository.findById(token.id),
        Effect.suspend(() => repository.findByDigest([token.secrets[0].digest])),
        Effect.suspend(() => repository.findByDigest([token.secrets[0].digest, aDigest()])),
        repository.findManyById([token.id, other.id]),
        repository.replace(token.rename(named("x"), at(1), unattributed), 1),
      ]
      for (const read of reads) isNewer(yield* Effect.flip(read), token)
      const query = { ownedBy, state: "any", now: at(0), after: Option.none(), limit: 10 } as const
      const [listed, lines] = yield* linesOf(repository.listOwnedBy(query))
      assert.deepStrictEqual(
        listed.map(({ id }) => id),
        [other.id],
      )
      assert.strictEqual(lines.length, 1)
    }),
  )

  it.effect("of which an older process knows nothing is left alone: ours say 1 and 1", () =>
    Effect.gen(function* () {
      const { repository, database } = yield* aStore
      const token = aToken({ ownedBy, id: anId() })
      yield* repository.insert(token)
      yield* repository.replace(token.rename(named("x"), at(1), unattributed), 1)
      const row = database.connection.prepare("SELECT schema_version, readable_from FROM api_token").get()
      assert.deepStrictEqual({ ...row }, { schema_version: 1, readable_from: 1 })
    }),
  )
})
