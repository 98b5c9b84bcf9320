/** Laws for a list read page by page during writes. */
import { assert } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { type OwnerId, stateOf, unattributed } from "@tokenry/core/adapter"
import * as Arbitrary from "effect/Arbitrary"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { law, type Repository } from "../Law.ts"
import { everythingOf, forAll, idsOf, insertAll, storedIn } from "../steps.ts"
import { anId, anOwner, at, aToken, changed, endOfTime, expiring, manyTokens } from "../tokens.ts"
import { after, newestFirst } from "./listing.ts"

const few = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

/** What happens between pages: an insert at one of a few instants, or a change of the token at an index. */
const Interference = Schema.Union([
  Schema.Struct({ inserts: few(3) }),
  Schema.Struct({ revokes: few(30) }),
  Schema.Struct({ renames: few(30) }),
  Schema.Struct({ purges: few(30) }),
])

const cases = Arbitrary.all({
  createdAt: Arbitrary.array(Arbitrary.schema(few(3)), { maxLength: 30 }),
  limit: Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 }))),
  state: Arbitrary.schema(Schema.Literals(["any", "live"])),
  interference: Arbitrary.array(Arbitrary.schema(Interference), { maxLength: 20 }),
})

export const pagingLaws = [
  law("pages return each token once, even when hundreds share one instant", function* ({ here, there }) {
    const ownedBy = anOwner()
    const tokens = manyTokens(300, (index) => ({ ownedBy, id: anId(at((index * 7) % 300)) }))
    yield* insertAll(here, tokens)
    for (const limit of [1, 7, 100]) {
      const listed = yield* readPages(there, { ownedBy, state: "any", limit }, () => Effect.void)
      assert.deepStrictEqual(idsOf(listed), idsOf(tokens.toSorted(newestFirst)))
    }
  }),

  law(
    "pages give what is there throughout exactly once, while others write in between",
    function* ({ here, there, runs }) {
      yield* here.purge(endOfTime)
      yield* forAll(cases, { runs, size: 20 }, ({ createdAt, limit, state, interference }) =>
        Effect.gen(function* () {
          const ownedBy = anOwner()
          const tokens = createdAt.map((milliseconds, index) =>
            aToken({ ownedBy, id: anId(at((index * 7) % 11)), createdAt: at(milliseconds) }),
          )
          yield* insertAll(here, tokens)
          const gone = new Set<ApiToken>()
          const interfere = (page: number): Effect.Effect<unknown, unknown> => {
            const change = interference[page]
            if (change === undefined) return Effect.void
            if ("inserts" in change) return there.insert(aToken({ ownedBy, createdAt: at(change.inserts) }))
            if ("renames" in change) return edit(there, tokens[change.renames], {})
            const doomed = tokens["revokes" in change ? change.revokes : change.purges]
            if (doomed === undefined) return Effect.void
            if ("revokes" in change) {
              if (state === "live") gone.add(doomed)
              return edit(there, doomed, {
                revocation: aToken().revoke({ at: at(0), reason: "x" }, unattributed).revocation,
              })
            }
            gone.add(doomed)
            return Effect.andThen(edit(there, doomed, expiring(-9)), there.purge(at(-8)))
          }
          const listed = yield* readPages(here, { ownedBy, state, limit }, interfere)

          assert.deepStrictEqual(idsOf(listed), idsOf(listed.toSorted(newestFirst)), "the newest come first")
          assert.strictEqual(new Set(idsOf(listed)).size, listed.length, "nothing comes twice")
          const throughout = tokens.filter((token) => !gone.has(token))
          assert.includeMembers(idsOf(listed), idsOf(throughout), "nothing is left out")
          for (const token of listed) {
            assert.strictEqual(token.ownedBy, ownedBy)
            if (state === "live") assert.strictEqual(stateOf(token, now), "live")
          }
        }),
      )
    },
  ),
]

const now: DateTime.Utc = at(0)

/** Reads pages until one is empty. */
const readPages = (
  repository: Repository,
  query: { readonly ownedBy: OwnerId; readonly state: "any" | "live"; readonly limit: number },
  between: (page: number) => Effect.Effect<unknown, unknown>,
) =>
  Effect.gen(function* () {
    const listed: Array<ApiToken> = []
    for (let number = 0; number < 1000; number++) {
      const page = yield* repository.listOwnedBy({ ...everythingOf(query), ...query, now, after: after(listed.at(-1)) })
      assert.isAtMost(page.length, query.limit)
      if (page.length === 0) return listed
      listed.push(...page)
      yield* between(number)
    }
    return assert.fail("the pages never end")
  })

/** Changes a token, unless it is already gone or the index is empty. */
const edit = (repository: Repository, token: ApiToken | undefined, fields: Partial<ApiToken>) =>
  Effect.gen(function* () {
    if (token === undefined || (yield* repository.findManyById([token.id])).length === 0) return
    const stored = yield* storedIn(repository, token.id)
    yield* repository.replace(changed(stored, fields), stored.revision)
  })
