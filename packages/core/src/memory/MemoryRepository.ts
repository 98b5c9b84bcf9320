/**
 * An `ApiTokenRepository` and a `TokenUsageStore` in memory, for tests and experiments. Everything is lost when the
 * process ends.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { lazily } from "../ports/lazily.ts"

const memoryStore = lazily(() => import("./memoryStore.ts"))

/** Loaded when the layer is built: servers with another store never load it. */
export const MemoryRepository = {
  layer: Layer.effectContext(Effect.flatMap(memoryStore, ({ makeMemoryStore }) => makeMemoryStore)),
} as const
