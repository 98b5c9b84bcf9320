/** The usage store contract as tests, law by law. */
import type { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import type * as Layer from "effect/Layer"
import { type ContractOptions, registerLaws } from "./registering.ts"
import { checkUsageLaw } from "./UsageLaw.ts"
import { usageLaws } from "./usageLaws.ts"

export interface UsageContractOptions extends ContractOptions<ApiTokenRepository | TokenUsageStore> {}

/**
 * Registers a Vitest test for each law that a `TokenUsageStore` keeps, beside the repository that it belongs to:
 *
 *     import { usageContract } from "@tokenry/repository-contract"
 *     usageContract("postgres", PostgresRepository.layer({ url: "postgres://127.0.0.1/tokenry_test" }))
 *
 * What `repositoryContract` says of layers and databases holds here too.
 *
 * @throws TypeError if `alsoThrough` is the same layer as the first: it would be the same connection.
 */
export const usageContract = <E>(
  name: string,
  layer: Layer.Layer<ApiTokenRepository | TokenUsageStore, E>,
  options: UsageContractOptions = {},
): void => registerLaws("usage", name, usageLaws, checkUsageLaw, layer, options)
