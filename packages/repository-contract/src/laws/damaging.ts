/** Laws for damaged tokens: only the damaged one fails, and all others keep working. */
import { assert } from "@effect/vitest"
import { type ApiToken, DamagedToken } from "@tokenry/core"
import { type TokenId, unattributed } from "@tokenry/core/adapter"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { law, type Repository, type StoreUnderTest } from "../Law.ts"
import { everythingOf, insertAll } from "../steps.ts"
import { aKeyId, anOwner, aSecret, at, aToken, changed, expiring, issuedTo, named, unique } from "../tokens.ts"

export const damagingLaws = [
  law("looking up or replacing a damaged token is a defect that names the token and the field", function* (store) {
    const { here, there } = store
    const { sound, broken } = yield* aFamily(store, 0)
    const attempts = [
      there.findById(broken.id),
      Effect.suspend(() => there.findByDigest([broken.secrets[0].digest])),
      there.findManyById([sound[0]?.id ?? broken.id, broken.id]),
      there.replace(changed(broken, { name: named("another") }), broken.revision),
      here.replace(changed(broken, { name: named("another") }), broken.revision),
    ]
    for (const attempt of attempts) {
      const damage = yield* defectOf(attempt)
      assert.instanceOf(damage, DamagedToken)
      assert.strictEqual(damage.id, broken.id)
      assert.isNotEmpty(damage.field)
    }
    for (const token of sound) assert.isTrue(Option.isSome(yield* there.findById(token.id)))
  }),

  law("a list skips damaged tokens, logs them, and fills its pages with the others", function* (store) {
    const { sound, broken } = yield* aFamily(store, 0)
    const { ownedBy } = broken
    const pages: Array<ReadonlyArray<ApiToken>> = []
    const lines = yield* linesOf(
      Effect.gen(function* () {
        let after = everythingOf({ ownedBy }).after
        for (;;) {
          const page = yield* store.here.listOwnedBy({ ...everythingOf({ ownedBy }), after, limit: 2 })
          pages.push(page)
          const last = page.at(-1)
          if (last === undefined || page.length < 2) return
          after = Option.some(last)
        }
      }),
    )
    assert.deepStrictEqual(
      pages.flat().map(({ id }) => id),
      sound.map(({ id }) => id),
    )
    for (const page of pages.slice(0, Math.floor(sound.length / 2))) assert.strictEqual(page.length, 2)
    isNamed(lines, broken.id)
  }),

  law("streams skip damaged tokens and log them", function* (store) {
    const keyId = Option.some(aKeyId())
    const { sound, broken } = yield* aFamily(store, 1, { secrets: [aSecret({ keyId })], undelivered: 1 })
    const ids = new Set(sound.map(({ id }) => id))
    const streams: ReadonlyArray<ReturnType<Repository["withKey"]>> = [
      store.here.liveCreatedBefore(at(99), at(100)),
      store.here.expiringBetween(at(100), at(10_000)),
      store.here.withKey(keyId),
      store.here.undelivered,
    ]
    for (const stream of streams) {
      const found = new Set<TokenId>()
      const lines = yield* linesOf(Stream.runForEach(stream, ({ id }) => Effect.sync(() => void found.add(id))))
      assert.deepStrictEqual(new Set([...found].filter((id) => ids.has(id) || id === broken.id)), ids)
      isNamed(lines, broken.id)
    }
  }),

  law("bulk work carries on past damaged tokens", function* (store) {
    const { here } = store
    const app = issuedTo(unique("app"))
    const { sound, broken } = yield* aFamily(store, 1, app)
    const [first] = sound
    const revocation = { at: at(50), reason: "it leaked" }
    yield* linesOf(here.revokeIssuedTo(Option.getOrThrow(app.issuedTo), Option.none(), revocation, unattributed))
    for (const { id } of sound) {
      assert.isTrue(Option.exists(yield* here.findById(id), ({ revocation }) => Option.isSome(revocation)))
    }
    yield* linesOf(here.revokeOwnedBy(broken.ownedBy, revocation, unattributed))
    if (first !== undefined) yield* here.markDelivered(first.id, first.revision)
    yield* here.keyIdsInUse
    yield* linesOf(here.purge(at(1_000_000)))
    for (const { id } of sound) assert.isTrue(Option.isNone(yield* here.findById(id)))
  }),
] as const

/** Seven tokens of one owner, newest first, with the third one damaged. */
const aFamily = ({ here, damage }: StoreUnderTest, expiresIn: number, fields: Partial<ApiToken> = {}) =>
  Effect.gen(function* () {
    const ownedBy = anOwner()
    const tokens = Array.from({ length: 7 }, (_, index) =>
      aToken({
        ownedBy,
        createdAt: at(7 - index),
        ...(expiresIn === 0 ? {} : expiring(1000 + index)),
        ...fields,
        secrets:
          fields.secrets === undefined ? [aSecret()] : [aSecret({ ...fields.secrets[0], digest: aSecret().digest })],
      }),
    )
    yield* insertAll(here, tokens)
    const broken = tokens[2] ?? aToken()
    if (damage === undefined) throw new TypeError("A law about damage needs a way to damage a token")
    yield* damage(broken.id)
    return { broken, sound: tokens.filter((token) => token !== broken) }
  })

/** The defect the effect dies with. */
const defectOf = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause), "it is a defect")
    return Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  })

/** The log lines written by the effect. */
const linesOf = <E>(effect: Effect.Effect<unknown, E>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    return Effect.as(Effect.provide(effect, Logger.layer([logger])), lines)
  })

const isNamed = (lines: ReadonlyArray<string>, id: TokenId) =>
  assert.isTrue(
    lines.some((line) => line.includes(id)),
    "a warning names the damaged token",
  )
