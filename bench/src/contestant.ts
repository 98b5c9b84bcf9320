/** Something that verifies tokens: it must know right from wrong before it is timed, and while it is. */
import type { Block } from "./inRounds.ts"

export interface Contestant {
  /** Verifies one header after the other. Rejects if an answer isn't the header's owner. */
  readonly accepting: (headers: ReadonlyArray<string>, owners: ReadonlyArray<string>) => Block
  /** Rejects if one is accepted. */
  readonly refusing: (headers: ReadonlyArray<string>) => Block
}

/** `ownerIn` returns the owner in an answer, and `undefined` for a refusal. */
export const contestant = <A>(
  verify: (header: string) => Promise<A>,
  ownerIn: (answer: A) => string | undefined,
): Contestant => {
  const block =
    (headers: ReadonlyArray<string>, ownerAt: (index: number) => string | undefined): Block =>
    async (times) => {
      let index = 0
      for (let time = 0; time < times; time++) {
        index = following(index, headers.length)
        if (ownerIn(await verify(headers[index] as string)) !== ownerAt(index)) throw new Error("the answer is wrong")
      }
    }
  return {
    accepting: (headers, owners) => block(headers, (index) => owners[index]),
    refusing: (headers) => block(headers, () => undefined),
  }
}

/** Another place each time, far from the last one, until all had their turn. */
export const following = (index: number, count: number): number => (index + 7919) % count

/** Headers with the answers that everybody must know. */
export interface Trial {
  readonly good: ReadonlyArray<string>
  /** The owner of each good one. */
  readonly owners: ReadonlyArray<string>
  readonly malformed: ReadonlyArray<string>
  readonly unknown: ReadonlyArray<string>
  readonly revoked: ReadonlyArray<string>
}

/** Rejects with the contestant's name unless all of them give the right answers. */
export const checkAnswers = async (
  contestants: Readonly<Record<string, Contestant>>,
  { good, owners, ...bad }: Trial,
): Promise<void> => {
  for (const [name, { accepting, refusing }] of Object.entries(contestants)) {
    const trials = { good: accepting(good, owners), ...mapValues(bad, refusing) }
    for (const [kind, block] of Object.entries(trials)) {
      await block(20).catch((cause: unknown) => {
        throw new Error(`${name} can't be timed: for a token that is ${kind}, ${String(cause)}`, { cause })
      })
    }
  }
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
