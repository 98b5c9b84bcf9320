/** The most general law: a store behaves like a plain list of tokens. */
import { assert } from "@effect/vitest"
import { type ListQuery, unattributed } from "@tokenry/core/adapter"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { contentsOf } from "../contents.ts"
import { law, type Repository } from "../Law.ts"
import { amongThese, everythingOf, forAll, idsOf, outcomeOf } from "../steps.ts"
import { aDigest, anId, anOwner, aSecret, at, aToken, endOfTime, first, named, retired, unique } from "../tokens.ts"
import { type Command, commands, type DescribedToken } from "./commands.ts"
import { Model } from "./Model.ts"

export const modellingLaws = [
  law(
    "whatever is called, in whatever order, the store answers as a plain list of tokens would",
    function* ({ here, there, runs }) {
      yield* here.purge(endOfTime)
      yield* forAll(commands, { runs, size: 30 }, (steps) =>
        Effect.gen(function* () {
          const world = aWorld()
          const model = new Model()
          for (const step of steps) yield* answersAlike(step.there ? there : here, model, step.command, world)
          for (const ownedBy of world.owners) {
            const query = everythingOf({ ownedBy })
            assert.deepStrictEqual((yield* here.listOwnedBy(query)).map(contentsOf), model.list(query).map(contentsOf))
          }
          for (const { id: lineageOf, ownedBy } of model.tokens) {
            const query = { ...everythingOf({ ownedBy }), lineageOf }
            assert.deepStrictEqual(idsOf(yield* here.listOwnedBy(query)), idsOf(model.list(query)))
          }
          const undelivered = idsOf(yield* amongThese(there.undelivered, model.tokens))
          assert.sameMembers(undelivered, idsOf(model.tokens.filter(({ undelivered }) => undelivered > 0)))
          yield* here.purge(endOfTime)
        }),
      )
    },
  ),
]

/** What the small numbers in commands stand for: different ids, digests and owners for each sequence. */
const aWorld = () => ({
  ids: Array.from({ length: 6 }, (_, index) => anId(at((index * 5) % 6))),
  digests: Array.from({ length: 7 }, aDigest),
  owners: [anOwner(), anOwner()],
  thirdParties: [unique("app"), unique("app")],
  writes: 0,
})
type World = ReturnType<typeof aWorld>

const pick = <A>(values: ReadonlyArray<A>, index: number): A => first(values.slice(index))

const tokenOf = (described: DescribedToken, model: Model, world: World, revision: number) => {
  const { digests, mintedBy, issuedTo } = described
  const id = pick(world.ids, described.id)
  const minter = mintedBy === null ? undefined : model.tokens.find((token) => token.id === pick(world.ids, mintedBy))
  const own = [...new Set(digests)].map((index) => pick(world.digests, index))
  const secrets = own.map((digest, index) =>
    aSecret({ digest, generation: own.length - index, ...(index > 0 ? { state: retired(at(index)) } : {}) }),
  )
  return aToken({
    id,
    ownedBy: pick(world.owners, described.owner),
    name: named(`write ${world.writes++}`),
    createdAt: at(described.createdAt),
    expiresAt: Option.map(Option.fromNullOr(described.expiresAt), at),
    ancestors: minter === undefined || minter.id === id ? [] : [...minter.ancestors, minter.id].slice(-8),
    issuedTo: Option.map(Option.fromNullOr(issuedTo), (index) => pick(world.thirdParties, index)),
    secrets: [first(secrets), ...secrets.slice(1)],
    revision,
  })
}

/** Makes one call to the store and to the model, and checks that the results match. */
const answersAlike = (repository: Repository, model: Model, command: Command, world: World) =>
  Effect.gen(function* () {
    if ("insert" in command) {
      const token = tokenOf(command.insert, model, world, 1)
      assert.strictEqual(yield* outcomeOf(repository.insert(token)), model.insert(token))
    } else if ("replace" in command) {
      const { behind } = command.replace
      const id = pick(world.ids, command.replace.id)
      const revision = model.tokens.find((token) => token.id === id)?.revision ?? 1
      const token = tokenOf(command.replace, model, world, revision + 1)
      const expected = model.replace(token, revision - behind)
      assert.strictEqual(yield* outcomeOf(repository.replace(token, revision - behind)), expected)
    } else if ("revokeOwnedBy" in command) {
      const ownedBy = pick(world.owners, command.revokeOwnedBy)
      const revocation = { at: at(command.at), reason: `write ${world.writes++}` }
      const expected = model.revoke((token) => token.ownedBy === ownedBy, revocation)
      assert.strictEqual(yield* repository.revokeOwnedBy(ownedBy, revocation, unattributed), expected)
    } else if ("revokeIssuedTo" in command) {
      const thirdParty = pick(world.thirdParties, command.revokeIssuedTo)
      const ownedBy = Option.map(Option.fromNullOr(command.ownedBy), (index) => pick(world.owners, index))
      const revocation = { at: at(command.at), reason: `write ${world.writes++}` }
      const expected = model.revoke(
        (token) =>
          Option.contains(token.issuedTo, thirdParty) && (Option.isNone(ownedBy) || token.ownedBy === ownedBy.value),
        revocation,
      )
      assert.strictEqual(yield* repository.revokeIssuedTo(thirdParty, ownedBy, revocation, unattributed), expected)
    } else if ("purge" in command) {
      assert.strictEqual(yield* repository.purge(at(command.purge)), model.purge(at(command.purge)))
    } else if ("list" in command) {
      const { state, now, lineageOf, limit } = command
      const query: ListQuery = {
        ownedBy: pick(world.owners, command.list),
        state,
        now: at(now),
        after: Option.map(Option.fromNullOr(command.after), ({ createdAt, id }) => ({
          createdAt: at(createdAt),
          id: pick(world.ids, id),
        })),
        ...(lineageOf === null ? {} : { lineageOf: pick(world.ids, lineageOf) }),
        limit,
      }
      assert.deepStrictEqual((yield* repository.listOwnedBy(query)).map(contentsOf), model.list(query).map(contentsOf))
      const live = model.list({ ...everythingOf(query), state: "live", now: query.now }).length
      assert.strictEqual(yield* repository.countLiveOwnedBy(query.ownedBy, query.now), live)
    } else if ("markDelivered" in command) {
      const id = pick(world.ids, command.markDelivered)
      const revision = (model.tokens.find((token) => token.id === id)?.revision ?? 1) - command.behind
      model.markDelivered(id, revision)
      yield* repository.markDelivered(id, revision)
    } else {
      const digest = pick(world.digests, command.find)
      const holder = model.tokens.find(({ secrets }) => secrets.some((secret) => secret.digest.hex === digest.hex))
      const found = Option.getOrUndefined(yield* repository.findByDigest([digest, aDigest()]))
      assert.strictEqual(found?.token.id, holder?.id)
    }
  })
