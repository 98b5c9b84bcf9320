/** Measures two ways of doing the same in turn, so that what else the machine does meets both alike. */

export interface Comparison {
  readonly name: string
  /** How much the second one takes of the first one's time, or does of its work: the median over all rounds. */
  readonly ratio: number
  /** The smallest and the largest ratio of a round. */
  readonly spread: readonly [number, number]
  /** What to reach, as a person reads it: `<= 1.5`. */
  readonly target: string
}

/** Each one is called once a round and says how it went: nanoseconds a call, or requests a second. */
export interface Contestants {
  readonly byHand: () => Promise<number>
  readonly ours: () => Promise<number>
}

/** The ratio of ours to the other, over rounds in which the two take turns in beginning. */
export const compare = async (
  name: string,
  target: string,
  rounds: number,
  { byHand, ours }: Contestants,
): Promise<Comparison> => {
  const ratios: Array<number> = []
  for (let round = 0; round <= rounds; round++) {
    const isFirst = round % 2 === 0
    const before = isFirst ? await byHand() : 0
    const measured = await ours()
    const baseline = isFirst ? before : await byHand()
    // The first round only warms up.
    if (round > 0) ratios.push(measured / baseline)
  }
  const sorted = ratios.toSorted((left, right) => left - right)
  return {
    name,
    target,
    ratio: sorted[Math.floor(sorted.length / 2)] as number,
    spread: [sorted[0] as number, sorted.at(-1) as number],
  }
}

/** Nanoseconds that one call takes, over many one after the other. */
export const timeOf = (calls: number, call: () => Promise<unknown>) => async (): Promise<number> => {
  const start = process.hrtime.bigint()
  for (let index = 0; index < calls; index++) await call()
  return Number(process.hrtime.bigint() - start) / calls
}
