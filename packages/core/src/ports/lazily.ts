/** Loads modules when they are first needed, so that a server that only verifies never loads them. */
import * as Effect from "effect/Effect"

/** Loads a module on first use. Later uses find it at once, without waiting for a promise. */
export const lazily = <Module>(load: () => Promise<Module>): Effect.Effect<Module> => {
  const using = usingLazily(load)
  return Effect.suspend(() => using(Effect.succeed))
}

/** Runs `use` immediately once the module is loaded, so call this only while an effect runs. */
type Using<Module> = <A, E>(use: (module: Module) => Effect.Effect<A, E>) => Effect.Effect<A, E>

/** The same without a step of the fiber. If two uses wait for the module, both get the one that was loaded first. */
export const usingLazily = <Module>(load: () => Promise<Module>): Using<Module> => {
  let loaded: Module | undefined
  const loading = Effect.map(Effect.promise(load), (module) => (loaded ??= module))
  return (use) => (loaded === undefined ? Effect.flatMap(loading, use) : use(loaded))
}

/** `effect/Stream`, which only bulk work reads. */
export const streamModule = lazily(() => import("effect/Stream"))
