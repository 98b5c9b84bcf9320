/**
 * The harness: contestants take turns in short blocks, so the machine's other load affects all of them equally, and are
 * compared round by round.
 */

/** Does its work this many times. */
export type Block = (times: number) => Promise<void>

/** The median, and the quartiles around it. */
export interface Figure {
  readonly median: number
  readonly quartiles: readonly [number, number]
}

/** CPU time is that of all the process's threads, garbage collection included. */
export type Clock = "cpu" | "wall"

export interface Measured<Name extends string> {
  /** Nanoseconds for one time. */
  readonly nanoseconds: (name: Name, clock: Clock) => number
  /** How much the first takes of the second's time, by each round. */
  readonly ratio: (name: Name, beside: Name, clock: Clock) => Figure
}

export interface Effort {
  /** Whether this is the full form, which takes its time. */
  readonly isFull: boolean
  /** How long one race lasts, in seconds of CPU time, without warming up. */
  readonly seconds: number
}

/** Long enough for a clock that counts microseconds, and short enough that a busy machine hits all alike. */
const blockMilliseconds = 8
/** Compilers optimise code that has run some thousand times. Slow code gets fewer warm-up runs. */
const warmUp = { milliseconds: 250, times: 4000, mostMilliseconds: 1500 }
const leastRounds = 15

/** Warms all contestants up, sizes their blocks to take equally long, and then lets them take turns. */
export const inRounds = async <Name extends string>(
  contestants: Readonly<Record<Name, Block>>,
  { seconds }: Effort,
): Promise<Measured<Name>> => {
  const names = Object.keys(contestants) as Array<Name>
  const sized: Array<{ readonly name: Name; readonly block: Block; readonly times: number }> = []
  for (const name of names) sized.push({ name, block: contestants[name], times: await timesToFill(contestants[name]) })
  const samples = new Map<Name, Record<Clock, Array<number>>>(names.map((name) => [name, { cpu: [], wall: [] }]))
  const elapsed = stopwatch()
  for (let round = 0; round < leastRounds || spent(elapsed()) < seconds * 1e9; round++) {
    // Another one begins each round, so that nobody always follows the same one.
    for (let turn = 0; turn < sized.length; turn++) {
      const { name, block, times } = sized[(round + turn) % sized.length] as (typeof sized)[number]
      const taken = stopwatch()
      await block(times)
      const { cpu, wall } = taken()
      samples.get(name)?.cpu.push(cpu / times)
      samples.get(name)?.wall.push(wall / times)
    }
  }
  const of = (name: Name, clock: Clock) => samples.get(name)?.[clock] ?? []
  return {
    nanoseconds: (name, clock) => figureOf(of(name, clock)).median,
    ratio: (name, beside, clock) => {
      const base = of(beside, clock)
      return figureOf(of(name, clock).map((sample, round) => sample / (base[round] as number)))
    },
  }
}

/** Warms it up, and returns how often it runs in one block. */
const timesToFill = async (block: Block): Promise<number> => {
  const warming = stopwatch()
  for (let times = 1, total = 0; ;) {
    const taken = stopwatch()
    await block(times)
    total += times
    const milliseconds = spent(taken()) / 1e6
    const warmed = spent(warming()) / 1e6
    const isWarm = warmed >= warmUp.mostMilliseconds || (warmed >= warmUp.milliseconds && total >= warmUp.times)
    if (isWarm && milliseconds >= blockMilliseconds / 4) {
      return Math.max(1, Math.round((times * blockMilliseconds) / milliseconds))
    }
    if (milliseconds < blockMilliseconds) times *= 2
  }
}

/** Counts nanoseconds from now on. */
export const stopwatch = (): (() => Record<Clock, number>) => {
  const cpuBefore = process.cpuUsage()
  const began = process.hrtime.bigint()
  return () => {
    const wall = Number(process.hrtime.bigint() - began)
    const { user, system } = process.cpuUsage(cpuBefore)
    return { cpu: (user + system) * 1000, wall }
  }
}

/** Time as budgets count it: CPU time, however busy the machine is, but some of the time spent waiting for a server too. */
const spent = ({ cpu, wall }: Record<Clock, number>): number => Math.max(cpu, wall / 4)

export const figureOf = (samples: ReadonlyArray<number>): Figure => {
  const sorted = samples.toSorted((left, right) => left - right)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number
  return { median: at(0.5), quartiles: [at(0.25), at(0.75)] }
}
