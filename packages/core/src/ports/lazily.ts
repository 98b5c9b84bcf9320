/** Loads modules when they are first needed, so that a server that only verifies never loads them. */
import * as Effect from "effect/Effect"

/** Loads a module on first use. Later uses find it at once, without waiting for a promise. */
export const lazily = <Module>(load: () => Promise<Module>): Effect.Effect<Module> => {
  let loaded: Effect.Effect<Module> | undefined
  const loading = Effect.map(Effect.promise(load), (module) => {
    loaded = Effect.succeed(module)
    return module
  })
  return Effect.suspend(() => loaded ?? loading)
}

/** `effect/Stream`, which only bulk work reads. */
export const streamModule = lazily(() => import("effect/Stream"))
