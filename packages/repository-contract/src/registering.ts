/** How laws become Vitest tests. */
import { describe, it } from "@effect/vitest"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { CheckOptions, Law } from "./Law.ts"

export interface ContractOptions<Services> extends CheckOptions<Services> {
  /** How long one law may take, in milliseconds; 300,000 unless given. */
  readonly timeout?: number
}

/**
 * Registers a test for each of the laws, under what the contract is about and the name of who keeps it.
 *
 * @throws TypeError if `alsoThrough` is the same layer as the first: it would be the same connection.
 */
export const registerLaws = <Services, WayIn>(
  what: string,
  name: string,
  laws: ReadonlyArray<Law<string, WayIn>>,
  check: (
    law: Law<string, WayIn>,
    layer: Layer.Layer<Services, unknown>,
    options: CheckOptions<Services>,
  ) => Effect.Effect<void, unknown>,
  layer: Layer.Layer<Services, unknown>,
  { timeout = 300_000, ...options }: ContractOptions<Services>,
): void => {
  if (options.alsoThrough === layer) throw new TypeError("alsoThrough must be a layer of its own")
  describe(`the ${what} contract, kept by ${name}`, { concurrent: false }, () => {
    for (const law of laws) it.live(law.name, () => check(law, layer, options), timeout)
  })
}
