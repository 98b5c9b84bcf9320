/** Keeps order in the store now and then, without anybody asking for it. */
import { type Duration, Effect } from "effect"
import { aSecondOrMore, type DurationOption, durationOption, zeroOrMore } from "../token/DurationOption.ts"
import { anyValue, checkOptions, isBoolean, type OptionRules } from "../token/OptionRules.ts"
import { makeClockWatch } from "./clockWatch.ts"

export interface SweepOptions {
  /**
   * How often; first when so much time has passed. A second or more, months too. Any number of processes may sweep at
   * once: each token is purged or revoked once.
   */
  readonly every: DurationOption
  /** Purge what has been dead for so long: `90 days`. Nothing is purged unless it is told. */
  readonly purgeDeadFor?: DurationOption
  /** Whether to revoke what has been unused for longer than the policy's `longestUnused`. */
  readonly revokeUnused?: boolean
}

const sweepRules: OptionRules<SweepOptions> = {
  every: [() => true, 'write every: "1 hour"'],
  purgeDeadFor: anyValue,
  revokeUnused: [isBoolean, "write true or false"],
}

/** What is swept, each giving how many it was. */
interface Sweeps {
  readonly purge: (request: { readonly deadFor: Duration.Duration }) => Effect.Effect<number, unknown>
  readonly revokeUnused: (request: {}) => Effect.Effect<number, unknown>
}

/**
 * Sweeps until the scope closes. What fails is logged by its name, and done the next time. While the wall clock has jumped
 * nothing is swept, since by a wrong clock every token may be dead or unused.
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
    Effect.catchCause(revoking, () => Effect.logWarning("Unused tokens could not be revoked")),
    Effect.catchCause(purging, () => Effect.logWarning("Dead tokens could not be purged")),
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
  "The system's clock was set: nothing is swept until it is back, or has gone on without another jump for an hour"
