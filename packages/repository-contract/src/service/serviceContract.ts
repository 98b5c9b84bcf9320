/** The laws of the use cases over a store, as tests. */
import type * as Layer from "effect/Layer"
import { namedAmong } from "../Law.ts"
import { type ContractOptions, registerLaws } from "../registering.ts"
import { racingLaws } from "./racing.ts"
import { checkServiceLaw, type ServiceLaw, type Stores } from "./ServiceLaw.ts"
import { usingLaws } from "./using.ts"

const all = [...racingLaws, ...usingLaws] as const

/** The name of such a law, a sentence. */
export type ServiceLawName = (typeof all)[number]["name"]

/** Every law of the use cases, one test each. */
export const serviceLaws: ReadonlyArray<ServiceLaw<ServiceLawName>> = all

/** The law with this name. */
export const serviceLawNamed = namedAmong(serviceLaws)

export interface ServiceContractOptions extends ContractOptions<Stores> {}

/**
 * Registers a Vitest test for each law that the use cases keep over a store, on the real clock; otherwise as
 * `repositoryContract`. Here `runs` says how often each race is run.
 */
export const serviceContract = <E>(
  name: string,
  layer: Layer.Layer<Stores, E>,
  options: ServiceContractOptions = {},
): void => registerLaws("service", name, serviceLaws, checkServiceLaw, layer, options)
