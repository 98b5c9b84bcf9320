/** Binds a `first-key` token at its first use. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { KeyThumbprint } from "../token/KeyBinding.ts"
import type { TokenId } from "../token/TokenId.ts"
import { afterLostRace, isLostRace } from "./changing.ts"
import { currentInstant } from "./present.ts"
import type { UseCaseParts } from "./UseCaseParts.ts"

export const binding = ({ repository }: Pick<UseCaseParts, "repository">) => {
  /**
   * A no-op if the token is bound already. Concurrent first uses each write under the revision they read, so one wins.
   */
  const bindFirstKey = Effect.fn("ApiTokens.bindFirstKey")(function* (id: TokenId, key: KeyThumbprint) {
    const bind = Effect.gen(function* () {
      const found = yield* repository.findById(id)
      if (Option.isNone(found)) return
      const token = found.value
      const bound = token.bind(key, yield* currentInstant, { actor: { kind: "token", id }, origin: {} })
      if (bound !== token) yield* repository.replace(bound, token.revision)
    })
    yield* bind.pipe(
      Effect.retry({ while: isLostRace, schedule: afterLostRace }),
      Effect.catchTag(["RevisionConflict", "DuplicateToken"], Effect.die),
    )
  })

  return { bindFirstKey }
}
