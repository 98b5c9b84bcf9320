/** Who receives reports, and for how long. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { changesLaw } from "../ChangesLaw.ts"
import { aToken } from "../tokens.ts"
import { concern, hearing } from "./hearing.ts"

export const followingLaws = [
  changesLaw("each of several listeners receives a change", function* ({ here, there }) {
    const token = aToken()
    yield* Effect.scoped(
      Effect.gen(function* () {
        const listeners = [yield* hearing(here), yield* hearing(here), yield* hearing(here)]
        yield* there.repository.insert(token)
        for (const { reports, until } of listeners) {
          yield* until("one of several listeners received nothing", () => concern(reports, token))
        }
      }),
    )
  }),

  changesLaw(
    "a listener whose scope is closed receives nothing more, and the others still do",
    function* ({ here, there }) {
      const token = aToken()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const gone = yield* Scope.provide(hearing(here), scope)
          const staying = yield* hearing(here)
          yield* Scope.close(scope, Exit.void)
          gone.forget()
          yield* there.repository.insert(token)
          yield* staying.until("a listener that stayed received nothing", () => concern(staying.reports, token))
          assert.isFalse(yield* gone.isFollowing, "a listener that left doesn't follow")
          assert.isFalse(concern(gone.reports, token), "a listener that left received a change")
        }),
      )
    },
  ),
] as const
