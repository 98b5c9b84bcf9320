/** Counts and times verifies at almost no cost: one increment, and the clock is rarely read. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { RepositoryUnavailable } from "../errors.ts"
import type { LookUp } from "../verifying/lookUp.ts"
import { isVerdict, type Verdict, type Verifier } from "../verifying/verifying.ts"
import { type SharedTally, tallyIn } from "./Tally.ts"

interface Metering {
  /** The same verifier, counting every verdict and outage. */
  readonly verifier: <C>(verifier: Verifier<C>) => Verifier<C>
  /** The lookup a cache falls back to. */
  readonly beneathCache: (lookUp: LookUp) => LookUp
  /** The lookup through a cache. */
  readonly throughCache: (lookUp: LookUp) => LookUp
  readonly onOutage: SharedTally["addOutage"]
  /** Shows the metric of lost uses, and returns what counts one. */
  readonly lostUses: () => () => void
  /** Counts a decision about required scopes. */
  readonly onAuthorized: (isGranted: boolean) => void
}

/**
 * Reading the clock twice can cost a tenth of an in-memory verify. So among synchronous verifies, one in this many is
 * timed and counts for all of them. Those that wait for a store are all timed.
 */
const every = 32

/** Uses the registry and the clock of the calling fiber. */
export const makeMetering = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const { tally, showCache, showUsage, addOutage } = tallyIn(yield* Effect.context())
  const { verifies, durations, cache } = tally
  let turn = 0

  const secondsSince = (begun: bigint): number => Number(clock.monotonicTimeNanosUnsafe() - begun) / 1e9

  const count = (verdict: Verdict<unknown>): void => {
    if (verdict.accepted) verifies.accepted += 1
    else verifies[verdict.refusal._tag] += 1
  }

  const waiting = <C>(deciding: Effect.Effect<Verdict<C>, RepositoryUnavailable>) => {
    const begun = clock.monotonicTimeNanosUnsafe()
    return Effect.matchEffect(deciding, {
      onSuccess: (verdict) => {
        count(verdict)
        durations.observe(secondsSince(begun), 1)
        return Exit.succeed(verdict)
      },
      onFailure: (error) => {
        verifies.RepositoryUnavailable += 1
        durations.observe(secondsSince(begun), 1)
        return Exit.fail(error)
      },
    })
  }

  const metering: Metering = {
    verifier: (verifier) => (presented, required, now, provenKey) => {
      turn = (turn + 1) % every
      const begun = turn === 0 ? clock.monotonicTimeNanosUnsafe() : undefined
      const deciding = verifier(presented, required, now, provenKey)
      if (!isVerdict(deciding)) return waiting(deciding)
      count(deciding)
      if (begun !== undefined) durations.observe(secondsSince(begun), every)
      return deciding
    },
    beneathCache: (lookUp) => (sha256, now) => {
      cache.missed += 1
      return lookUp(sha256, now)
    },
    throughCache: (lookUp) => {
      showCache()
      return (sha256, now) => {
        cache.asked += 1
        return lookUp(sha256, now)
      }
    },
    onOutage: addOutage,
    lostUses: () => {
      showUsage()
      return () => {
        tally.usage.lost += 1
      }
    },
    onAuthorized: (isGranted) => {
      tally.authorizations[isGranted ? "granted" : "InsufficientScope"] += 1
    },
  }
  return metering
})
