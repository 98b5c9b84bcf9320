/** Applies the policy's response to a retired secret, after the request has been answered. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { Repository } from "../ports/Repository.ts"
import type { ApiToken } from "../token/ApiToken.ts"
import type { Attribution } from "../token/Attribution.ts"
import type { TokenId } from "../token/TokenId.ts"
import type { ReuseResponse } from "../token/TokenPolicy.ts"
import type { MakeRoom } from "./AuditDelivery.ts"
import { makeLaterWork } from "./LaterWork.ts"

interface ReuseWatch {
  readonly reused: (tokenId: TokenId, generation: number) => void
}

/** The reason recorded for such a revocation. */
const reason = "a retired secret was used"

const bySweep: Attribution = { actor: { kind: "sweep", id: "reuse" }, origin: {} }

/** Retries for four minutes in all; anyone with the secret is likely to use it again anyway. */
const afterOutage = Schedule.exponential("1 second")

/** How many events can be queued. A dropped one is handled when the secret is used again. */
const capacity = 1000

export const makeReuseWatch = Effect.fnUntraced(function* (
  repository: Repository,
  response: Exclude<ReuseResponse, "record">,
  makeRoom: MakeRoom,
) {
  const waiting = new Set<string>()

  /** Judges by the stored state and the system's clock now, not by what held when the secret was presented. */
  const respond = (token: ApiToken, generation: number, now: DateTime.Utc): ApiToken => {
    if (!token.isReuse(generation, now)) return token
    const noted = token.noteReuse(generation, now, bySweep)
    return response === "notify" ? noted : noted.revoke({ at: now, reason }, bySweep)
  }

  const later = yield* makeLaterWork("Responding to a retired secret", capacity, (work: Reuse) =>
    Effect.gen(function* () {
      const found = Option.getOrUndefined(yield* repository.findById(work.tokenId))
      if (found === undefined) return
      // An outage of the audit sink must not delay a revocation.
      const revokes = response === "revoke" && Option.isNone(found.revocation)
      const token = revokes ? found : yield* makeRoom(found)
      const now = DateTime.makeUnsafe(yield* Clock.currentTimeMillis)
      const changed = respond(token, work.generation, now)
      if (changed !== token) yield* repository.replace(changed, token.revision)
    }).pipe(
      Effect.retry({ while: (error) => error._tag === "RevisionConflict" }),
      Effect.retry({ schedule: afterOutage, times: 8 }),
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
