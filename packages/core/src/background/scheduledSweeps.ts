/** Cleans up the store periodically. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { aSecondOrMore, type DurationOption, durationOption, zeroOrMore } from "../token/DurationOption.ts"
import { anyValue, checkOptions, isBoolean, type OptionRules } from "../token/OptionRules.ts"
import { makeClockWatch } from "./clockWatch.ts"

export interface SweepOptions {
  /**
   * The interval, which also precedes the first sweep. At least a second; months work too. Any number of processes can
   * sweep at once: each token is purged or revoked once.
   */
  readonly every: DurationOption
  /** Purges tokens that have been dead for this long, such as `90 days`. Default: nothing is purged. */
  readonly purgeDeadFor?: DurationOption
  /** Whether to revoke tokens unused for longer than the policy's `longestUnused`. */
  readonly revokeUnused?: boolean
}

const sweepRules: OptionRules<SweepOptions> = {
  every: [() => true, 'write every: "1 hour"'],
  purgeDeadFor: anyValue,
  revokeUnused: [isBoolean, "write true or false"],
}

/** The sweeps; each returns how many tokens it affected. */
interface Sweeps {
  readonly purge: (request: { readonly deadFor: Duration.Duration }) => Effect.Effect<number, unknown>
  readonly revokeUnused: (request: {}) => Effect.Effect<number, unknown>
}

/**
 * Sweeps until the scope closes. A failed sweep is logged by name and runs again next time. Nothing is swept after the
 * wall clock jumps, since a wrong clock can make every token look dead or unused.
 */
export const scheduleSweeps = Effect.fnUntraced(function* (sweeps: Sweeps, options: SweepOptions) {
  const { purgeDeadFor, revokeUnused = false } = options
  checkOptions("sweeps", options, sweepRules, { required: ["every"] })
  const every = durationOption("sweeps.every", options.every, aSecondOrMore)
  const purging =
    purgeDeadFor === undefined
      ? Effect.void
      : sweeps.purge({ deadFor: durationOption("sweeps.purgeDeadFor", purgeDeadFor, zeroOrMore) })
  const revoking = revokeUnused ? sweeps.revokeUnused({}) : Effect.void
  const sweep = Effect.andThen(
    Effect.catchCause(revoking, () => Effect.logWarning("Could not revoke unused tokens")),
    Effect.catchCause(purging, () => Effect.logWarning("Could not purge dead tokens")),
  )
  const { isSteady } = yield* makeClockWatch
  let declined = false
  const decline = Effect.suspend(() => {
    const isFirst = !declined
    declined = true
    return isFirst ? Effect.logWarning(clockJumped) : Effect.void
  })
  const resume = Effect.suspend(() => {
    declined = false
    return sweep
  })
  yield* Effect.sleep(every).pipe(
    Effect.andThen(isSteady),
    Effect.flatMap((isSteady) => (isSteady ? resume : decline)),
    Effect.forever,
    Effect.forkScoped,
  )
})

const clockJumped =
  "The system clock jumped: sweeps are paused until it jumps back, or runs for an hour without another jump"
