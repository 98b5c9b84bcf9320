/** Whether the machine was quiet. On a shared one, a neighbour on the same core slows it down by half, for seconds or minutes. */
import { digestOf } from "./byHand.ts"
import { following } from "./contestant.ts"
import { stopwatch } from "./inRounds.ts"
import { few } from "./setting.ts"

const texts = Array.from({ length: few }, (_, index) => `a text of about the length of a token, number ${index}`)
const known = new Map(texts.map((text, index) => [digestOf(text), index]))

/** Nanoseconds of CPU time that hashing a text and finding its hash takes now. Takes about 30 ms. */
const nanosecondsToFind = (): number => {
  const times = 40_000
  const taken = stopwatch()
  let index = 0
  for (let time = 0; time < times; time++) {
    index = following(index, few)
    if (known.get(digestOf(texts[index] as string)) !== index) throw new Error("a hash is wrong")
  }
  return taken().cpu / times
}

/** Watches how fast the processor is. */
export class Watch {
  readonly #nanoseconds: Array<number> = []

  constructor() {
    // Warms up, so that the first look is at optimised code.
    for (let time = 0; time < 3; time++) nanosecondsToFind()
    this.look()
  }

  look(): void {
    this.#nanoseconds.push(nanosecondsToFind())
  }

  /** `a hash took 0.46 to 0.72 µs` */
  get summary(): string {
    const [fastest, slowest] = [Math.min(...this.#nanoseconds), Math.max(...this.#nanoseconds)]
    return `a hash took ${(fastest / 1000).toFixed(2)} to ${(slowest / 1000).toFixed(2)} µs`
  }
}
