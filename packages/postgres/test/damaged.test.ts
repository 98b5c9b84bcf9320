import { assert, describe, it } from "@effect/vitest"
import { DamagedToken, RepositoryUnavailable } from "@tokenry/core"
import { unattributed } from "@tokenry/core/adapter"
import { NewerRecord } from "@tokenry/postgres"
import { at, aToken, aUse, owner } from "@tokenry/repository-contract/tokens"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { inspect } from "node:util"
import { aStore, withoutPostgres } from "./stores.ts"

const ownedBy = owner("owner-1")

const now = at(1)
const list = { ownedBy, state: "any", now, after: Option.none(), limit: 2 } as const
const revocation = { at: now, reason: "r" }

/** What somebody did to a stored token by hand, and the field that says so. */
const damages: ReadonlyArray<readonly [update: string, field: string]> = [
  ["expires_at = 'infinity'", "expiresAt"],
  ["scopes = ARRAY['treasure:read', NULL]", "scopes"],
  ["scopes = ARRAY[ARRAY['treasure:read']]", "scopes"],
  ["ancestors = ARRAY[NULL::uuid]", "ancestors"],
  ["bound_to = 'any-key'", "boundTo"],
]

/** What only matters to somebody who reads all of the token. */
const wholeOnly: ReadonlyArray<readonly [update: string, field: string]> = [
  ["created_at = 'infinity'", "createdAt"],
  ["revision = 9007199254740993", "revision"],
  ["history = '{}'", "history"],
  [`history = '[{"kind": "issued"}]'`, "history.0.at"],
  [`history = jsonb_set(history, '{0,actor}', '{}')`, "history.0.actor.kind"],
]

const defectOf = (cause: Cause.Cause<unknown>): unknown => {
  const [reason] = cause.reasons
  return reason?._tag === "Die" ? reason.defect : undefined
}

/** A store with three tokens, the second of which was changed so. */
const withUpdated = (update: string) =>
  Effect.gen(function* () {
    const store = yield* aStore()
    const tokens = [0, 1, 2].map((index) => aToken({ ownedBy, createdAt: at(-index), expiresAt: Option.some(at(100)) }))
    for (const token of tokens) yield* store.repository.insert(token)
    const [first, changed, last] = tokens
    if (first === undefined || changed === undefined || last === undefined) throw new Error("There are three tokens")
    yield* store.sql(`UPDATE api_token SET ${update} WHERE id = $1`, [changed.id])
    return { ...store, first, changed, last }
  })

/** Collects what is logged. */
const collecting = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => void logged.push(inspect(message)))
    const result = yield* Effect.provide(effect, Logger.layer([logger]))
    return { result, logged }
  })

describe.skipIf(withoutPostgres)("a damaged token", () => {
  it.effect.each([...damages, ...wholeOnly])("dies with its id and the field: %s", ([update, field]) =>
    Effect.gen(function* () {
      const { repository, changed } = yield* withUpdated(update)
      const [{ digest }] = changed.secrets
      const attempts = [
        repository.findById(changed.id),
        ...(damages.some(([damage]) => damage === update)
          ? [repository.findByDigest([digest]), repository.findManyById([changed.id])]
          : []),
      ]
      for (const attempt of attempts) {
        const cause = yield* Effect.flip(Effect.sandbox<unknown, unknown, never>(attempt))
        const defect = defectOf(cause)
        assert.instanceOf(defect, DamagedToken)
        assert.deepStrictEqual([defect.id, defect.field], [changed.id as string, field])
        assert.notInclude(inspect(cause, { depth: 20, showHidden: true }), digest.hex)
      }
    }),
  )

  it.effect.each([...damages, ...wholeOnly])("hurts only itself, and is logged: %s", ([update, field]) =>
    Effect.gen(function* () {
      const { repository, first, changed, last, sql } = yield* withUpdated(update)
      const { result, logged } = yield* collecting(repository.listOwnedBy(list))
      assert.sameMembers(
        result.map(({ id }) => id),
        [first.id, last.id],
      )
      assert.match(logged.join(), new RegExp(`${changed.id}.*${field}`))
      const streamed = yield* Stream.runCollect(repository.undelivered)
      assert.sameMembers(
        streamed.map(({ id }) => id),
        [first.id, last.id],
      )
      assert.strictEqual(yield* repository.revokeOwnedBy(ownedBy, revocation, unattributed), 2)
      const left = yield* sql<{ readonly id: string }>("SELECT id FROM api_token WHERE revoked_at IS NULL")
      assert.deepStrictEqual(left, [{ id: changed.id }])
    }),
  )

  it.effect("may be one that has lost its secrets", () =>
    Effect.gen(function* () {
      const { repository, sql } = yield* aStore()
      const token = aToken({ ownedBy })
      yield* repository.insert(token)
      yield* sql("DELETE FROM api_token_secret")
      const defect = defectOf(yield* Effect.flip(Effect.sandbox(repository.findById(token.id))))
      assert.deepInclude(defect, { id: token.id, field: "secrets" })
    }),
  )

  it.effect("record of uses is left out and logged", () =>
    Effect.gen(function* () {
      const { repository, usage, sql } = yield* aStore()
      const token = aToken({ ownedBy })
      yield* repository.insert(token)
      yield* usage.record([aUse({ tokenId: token.id }), aUse({ tokenId: token.id, generation: 2 })])
      yield* sql(`UPDATE api_token_usage SET scopes = '{"a": "yesterday"}' WHERE generation = 2`)
      const { result, logged } = yield* collecting(usage.usageOf([token.id]))
      assert.deepStrictEqual(result, [aUse({ tokenId: token.id })])
      assert.match(logged.join(), /scopes\.a/)
    }),
  )
})

const isNewer = (error: unknown) => {
  assert.instanceOf(error, RepositoryUnavailable)
  assert.instanceOf(error.cause, NewerRecord)
  assert.match(error.cause.message, /upgrade this process/)
}

describe.skipIf(withoutPostgres)("a token that a newer version wrote", () => {
  it.effect("and this one can read is read, and never overwritten", () =>
    Effect.gen(function* () {
      const { repository, first, changed, last, sql } = yield* withUpdated("schema_version = 2, undelivered = 1")
      assert.isTrue(Option.isSome(yield* repository.findByDigest([changed.secrets[0].digest])))
      // Each of these would lead to a write.
      for (const stream of [repository.undelivered, repository.withKey(Option.none())]) {
        const ids = (yield* Stream.runCollect(stream)).map(({ id }) => id)
        assert.sameMembers(ids, [first.id, last.id])
      }
      const renamed = changed.revoke(revocation, unattributed)
      isNewer(yield* Effect.flip(repository.replace(renamed, changed.revision)))
      yield* repository.markDelivered(changed.id, changed.revision)
      isNewer(yield* Effect.flip(repository.revokeOwnedBy(ownedBy, revocation, unattributed)))
      yield* repository.purge(at(1000))
      assert.deepStrictEqual(yield* sql("SELECT id, revision, undelivered, revoked_at FROM api_token"), [
        { id: changed.id, revision: "1", undelivered: 1, revoked_at: null },
      ])
    }),
  )

  it.effect("and this one can't read is an outage for callers who need it, but not for a sweep", () =>
    Effect.gen(function* () {
      const { repository, first, changed, last } = yield* withUpdated("schema_version = 3, readable_from = 2")
      const attempts: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        repository.findByDigest([changed.secrets[0].digest]),
        repository.findById(changed.id),
        repository.findManyById([first.id, changed.id]),
        repository.listOwnedBy(list),
      ]
      for (const attempt of attempts) isNewer(yield* Effect.flip(attempt))
      const streamed = yield* Stream.runCollect(repository.liveCreatedBefore(at(2), now))
      assert.deepStrictEqual(
        streamed.map(({ id }) => id),
        [last.id, first.id],
      )
    }),
  )
})
