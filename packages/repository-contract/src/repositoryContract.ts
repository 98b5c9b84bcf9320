/** The contract as tests: a verdict on a repository, law by law. */
import { describe, it } from "@effect/vitest"
import type { ApiTokenRepository } from "@tokenry/core"
import type { Layer } from "effect"
import { type CheckOptions, checkLaw } from "./Law.ts"
import { laws } from "./laws.ts"

export interface RepositoryContractOptions extends CheckOptions {
  /** How long one law may take, in milliseconds; 60 000 unless given. */
  readonly timeout?: number
}

/**
 * Registers a Vitest test for each law that a repository keeps. Call it at the top of a test file:
 *
 *     import { repositoryContract } from "@tokenry/repository-contract"
 *     repositoryContract("postgres", PostgresRepository.layer({ url: "postgres://127.0.0.1/tokenry_test" }))
 *
 * Each law builds the layer anew and releases it at its end, so a layer that makes a new database whenever it is built
 * gives each law one of its own. A layer that opens the same database again and again will do as well: laws run one
 * after another and tell their own tokens from what was there before. But they remove all that is dead in it, so give
 * them a database that nobody else uses, and not at the same time two runs the same one. Laws run on the real clock.
 *
 * @throws TypeError if `alsoThrough` is the same layer as the first: it would be the same connection.
 */
export const repositoryContract = <E>(
  name: string,
  layer: Layer.Layer<ApiTokenRepository, E>,
  { timeout = 60_000, ...options }: RepositoryContractOptions = {},
): void => {
  if (options.alsoThrough === layer) throw new TypeError("alsoThrough must be a layer of its own")
  describe(`the repository contract, kept by ${name}`, { concurrent: false }, () => {
    for (const law of laws) it.live(law.name, () => checkLaw(law, layer, options), timeout)
  })
}
