/** The change feed contract as tests, law by law. */
import type { ApiTokenRepository, TokenChanges } from "@tokenry/core/adapter"
import type * as Layer from "effect/Layer"
import { checkChangesLaw } from "./ChangesLaw.ts"
import { changesLaws } from "./changesLaws.ts"
import { type ContractOptions, registerLaws } from "./registering.ts"

type Services = ApiTokenRepository | TokenChanges

export interface ChangesContractOptions extends ContractOptions<Services> {
  /** Where the reported changes are made: another connection or process. */
  readonly alsoThrough: Layer.Layer<Services, unknown>
}

/**
 * Registers a Vitest test for each law that a `TokenChanges` keeps, beside the repository that it belongs to. On the
 * real clock: a law waits up to 50 seconds for a report.
 *
 *     import { changesContract } from "@tokenry/repository-contract"
 *     const connect = () => PostgresRepository.layer({ url: "postgres://127.0.0.1/tokenry_test" })
 *     changesContract("postgres", connect(), { alsoThrough: connect() })
 *
 * @throws TypeError if `alsoThrough` is the same layer as the first: it would be the same connection.
 */
export const changesContract = <E>(
  name: string,
  layer: Layer.Layer<Services, E>,
  options: ChangesContractOptions,
): void => registerLaws("changes", name, changesLaws, checkChangesLaw, layer, options)
