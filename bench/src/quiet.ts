/** Whether the machine was quiet. On a shared one, a neighbour on the same core slows it down by half, for seconds or minutes. */
import { hash } from "node:crypto"
import { following } from "./contestant.ts"
import { few } from "./setting.ts"

const texts = Array.from({ length: few }, (_, index) => `a text of about the length of a token, number ${index}`)
const known = new Map(texts.map((text, index) => [hash("sha256", text, "hex"), index]))

/** Nanoseconds of CPU time that hashing a text and finding its hash takes now. Takes about 30 ms. */
const nanosecondsToFind = (): number => {
  const times = 40_000
  const before = process.cpuUsage()
  let index = 0
  for (let time = 0; time < times; time++) {
    index = following(index, few)
    if (known.get(hash("sha256", texts[index] as string, "hex")) !== index) throw new Error("a hash is wrong")
  }
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / times
}

/** Watches how fast the processor is. */
export class Watch {
  readonly #nanoseconds: Array<number> = []

  constructor() {
    // Until compilers have optimised it.
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
