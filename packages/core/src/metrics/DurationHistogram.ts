/** Durations collected in plain numbers, which a metric reads on demand. */
import type * as Metric from "effect/Metric"

export interface DurationHistogram {
  /** Adds this duration the given number of times. */
  readonly observe: (seconds: number, times: number) => void
  readonly state: () => Metric.HistogramState
}

/** In seconds: from in-memory lookups to store deadlines. */
export const durationBoundaries: ReadonlyArray<number> = [
  0.00001, 0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
]

/** A bucket holds durations up to its boundary. Longer ones only appear in the count. */
export const makeDurationHistogram = (): DurationHistogram => {
  const counts = new Float64Array(durationBoundaries.length)
  let count = 0
  let sum = 0
  let min = Number.MAX_VALUE
  let max = -Number.MAX_VALUE
  return {
    observe: (seconds, times) => {
      const bucket = durationBoundaries.findIndex((boundary) => seconds <= boundary)
      if (bucket >= 0) counts[bucket] = (counts[bucket] as number) + times
      count += times
      sum += seconds * times
      min = Math.min(min, seconds)
      max = Math.max(max, seconds)
    },
    state: () => {
      let cumulated = 0
      const buckets = durationBoundaries.map((boundary, index): [number, number] => {
        cumulated += counts[index] as number
        return [boundary, cumulated]
      })
      return { buckets, count, sum, min, max }
    },
  }
}
