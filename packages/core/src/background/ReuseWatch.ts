/** Does what the policy says when a retired secret comes back, off the request's path. */
import { Clock, DateTime, Effect, Option } from "effect"
import type { ApiTokenRepository } from "../ports/ApiTokenRepository.ts"
import type { ApiToken } from "../token/ApiToken.ts"
import type { Attribution } from "../token/Attribution.ts"
import type { TokenId } from "../token/TokenId.ts"
import type { ReuseResponse } from "../token/TokenPolicy.ts"
import { makeLaterWork } from "./LaterWork.ts"

interface ReuseWatch {
  readonly reused: (tokenId: TokenId, generation: number) => void
}

/** The reason that such a token is revoked with. */
const reason = "a retired secret came back"

const bySweep: Attribution = { actor: { kind: "sweep", id: "reuse" }, origin: {} }

/** How many such events may wait. One that finds no place is dealt with when the secret comes back again. */
const capacity = 1000

export const makeReuseWatch = Effect.fnUntraced(function* (
  repository: ApiTokenRepository["Service"],
  response: Exclude<ReuseResponse, "record">,
) {
  const waiting = new Set<string>()

  const respond = (token: ApiToken, generation: number, now: DateTime.Utc): ApiToken => {
    const noted = token.noteReuse(generation, now, bySweep)
    return response === "notify" ? noted : noted.revoke({ at: now, reason }, bySweep)
  }

  const later = yield* makeLaterWork("Responding to a retired secret", capacity, (work: Reuse) =>
    Effect.gen(function* () {
      const token = Option.getOrUndefined(yield* repository.findById(work.tokenId))
      if (token === undefined) return
      const now = DateTime.makeUnsafe(yield* Clock.currentTimeMillis)
      const changed = respond(token, work.generation, now)
      if (changed !== token) yield* repository.replace(changed, token.revision)
    }).pipe(
      Effect.retry({ while: (error) => error._tag === "RevisionConflict" }),
      Effect.ensuring(Effect.sync(() => waiting.delete(keyOf(work)))),
    ),
  )

  const watch: ReuseWatch = {
    reused: (tokenId, generation) => {
      const work = { tokenId, generation }
      if (waiting.has(keyOf(work))) return
      waiting.add(keyOf(work))
      if (!later.add(work)) waiting.delete(keyOf(work))
    },
  }
  return watch
})

interface Reuse {
  readonly tokenId: TokenId
  readonly generation: number
}

const keyOf = ({ tokenId, generation }: Reuse): string => `${tokenId}/${generation}`
