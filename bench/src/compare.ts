/** Compares two implementations in alternating rounds, so that other load on the machine affects both alike. */

export interface Comparison {
  readonly name: string
  /** The first one's time per call (or throughput) relative to the second one's: the median of all rounds. */
  readonly ratio: number
  /** The smallest and the largest ratio of any round. */
  readonly spread: readonly [number, number]
  /** The target, for people: `<= 1.5`. */
  readonly target: string
}

/** Each is called once a round and returns its result: nanoseconds per call, or requests per second. */
export interface Contestants {
  readonly byHand: () => Promise<number>
  readonly ours: () => Promise<number>
}

/** The ratio of ours to the other. The two take turns in going first. */
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
    // The first round is a warm-up.
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

/** Nanoseconds per call, averaged over many calls in sequence. */
export const timeOf = (calls: number, call: () => Promise<unknown>) => async (): Promise<number> => {
  const start = process.hrtime.bigint()
  for (let index = 0; index < calls; index++) await call()
  return Number(process.hrtime.bigint() - start) / calls
}
