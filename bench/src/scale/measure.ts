/** Measures how long work takes, and for how long at a time it keeps the event loop. */

export interface Measured<A> {
  readonly result: A
  readonly milliseconds: number
  /** The processor's time, which on a busy machine is less. */
  readonly cpu: number
  /** The longest delay of the event loop in milliseconds. */
  readonly block: number
}

export const measure = async <A>(work: () => Promise<A>): Promise<Measured<A>> => {
  const probe = startProbe()
  await turn()
  const start = performance.now()
  const cpuBefore = process.cpuUsage()
  const result = await work()
  const milliseconds = performance.now() - start
  const { user, system } = process.cpuUsage(cpuBefore)
  await turn()
  return { result, milliseconds, cpu: (user + system) / 1000, block: probe.stop() }
}

/** Reads the clock once a millisecond. A later reading means that the event loop was blocked. */
const startProbe = () => {
  let longest = 0
  let last = performance.now()
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last - 1)
    last = now
  }
  const timer = setInterval(look, 1)
  return {
    stop: () => {
      clearInterval(timer)
      return longest
    },
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 3))

/** The median of this many calls, after one that warms up, in milliseconds. */
export const medianOf = async (calls: number, call: () => Promise<unknown>): Promise<number> => {
  await call()
  const times: Array<number> = []
  for (let count = 0; count < calls; count++) {
    const start = performance.now()
    await call()
    times.push(performance.now() - start)
  }
  return times.toSorted((left, right) => left - right)[Math.floor(calls / 2)] ?? 0
}
