/** The repository contract as tests, law by law. */
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import type * as Layer from "effect/Layer"
import { checkLaw } from "./Law.ts"
import { damageLaws, laws } from "./laws.ts"
import { type ContractOptions, registerLaws } from "./registering.ts"

export interface RepositoryContractOptions extends ContractOptions<ApiTokenRepository> {}

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
  options: RepositoryContractOptions = {},
): void => registerLaws("repository", name, [...laws, ...(options.damage ? damageLaws : [])], checkLaw, layer, options)
