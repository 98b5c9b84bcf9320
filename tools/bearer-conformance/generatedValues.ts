/** Values for an Authorization field, most of them nearly valid. The same seed gives the same values. */

/** Endless. Some values contain `good`. */
export function* generatedValues(seed: number, good: string): Generator<string, never> {
  const random = randomNumbers(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const oneOf = <A>(choices: ReadonlyArray<A>): A => choices[below(choices.length)] as A
  const many = (most: number, make: () => string): string => Array.from({ length: below(most + 1) }, make).join("")
  const anyCharacter = (): string => String.fromCharCode(below(256))

  const scheme = (): string => oneOf(["Bearer", "bearer", "BEARER", "bEaReR"])
  const token = (): string => oneOf([good, many(40, () => oneOf(token68)) + "=".repeat(below(3))])
  const credentials = (): string => scheme() + " ".repeat(1 + below(3)) + token()
  const mutated = (value: string): string => {
    const at = below(value.length + 1)
    const inserted = oneOf(["", anyCharacter(), oneOf(pieces)])
    return value.slice(0, at) + inserted + value.slice(at + below(2))
  }

  const kinds: ReadonlyArray<() => string> = [
    credentials,
    () => mutated(credentials()),
    () => mutated(mutated(mutated(credentials()))),
    () => many(8, () => oneOf(pieces)),
    () => `${scheme()} ${many(6, () => oneOf(pieces))}`,
    () => many(30, anyCharacter),
  ]
  for (;;) {
    const isLong = below(200) === 0
    yield isLong ? `${scheme()} ${"a".repeat(4080 + below(20))}${many(2, () => oneOf(pieces))}` : oneOf(kinds)()
  }
}

const token68 = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/")

const pieces: ReadonlyArray<string> = Array.from(' \t,=\0\v\u007f\u0085\u00a0\u00e9\u00ff"\\;:').concat([
  "Bearer",
  "bearer",
  "Basic",
  "  ",
  "==",
  "a",
  "Z9",
  "-._~+/",
  "!#$%&'*^`|",
  'a="b"',
  "%20",
])

/** Mulberry32: numbers in [0, 1), good enough for test cases. */
const randomNumbers = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
