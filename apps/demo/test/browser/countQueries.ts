/** Counts a demo's calls to its store. */
import type { Demo } from "../../src/Demo.ts"

/** The calls to the store's ports while the promise was pending, by name. */
export const queriesOf = async (
  { store }: Pick<Demo, "store">,
  act: () => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> => {
  const counts: Record<string, number> = {}
  const { accounts, sessions, tokenRepository, tokenUsage } = store
  const undo = Object.entries({ accounts, sessions, tokenRepository, tokenUsage }).flatMap(([port, methods]) =>
    // A port's interface has no index signature.
    count(methods as unknown as Methods, (method) => {
      counts[`${port}.${method}`] = (counts[`${port}.${method}`] ?? 0) + 1
    }),
  )
  try {
    await act()
  } finally {
    for (const restore of undo) restore()
  }
  return counts
}

type Methods = Record<string, unknown>

/** Returns functions that restore the methods. */
const count = (methods: Methods, called: (name: string) => void): ReadonlyArray<() => void> =>
  Object.entries(methods).flatMap(([name, method]) => {
    if (typeof method !== "function") return []
    methods[name] = function counted(this: unknown, ...args: ReadonlyArray<unknown>): unknown {
      called(name)
      return Reflect.apply(method, this, args)
    }
    return [() => void (methods[name] = method)]
  })
