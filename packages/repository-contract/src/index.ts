export { type ChangesLaw, checkChangesLaw, type TokensAndChanges } from "./ChangesLaw.ts"
export { changesContract, type ChangesContractOptions } from "./changesContract.ts"
export { changesLawNamed, changesLaws, type ChangesLawName } from "./changesLaws.ts"
export { checkUsageLaw, type TokensAndUses, type UsageLaw } from "./UsageLaw.ts"
export { repositoryContract, type RepositoryContractOptions } from "./repositoryContract.ts"
export { type CheckOptions, checkLaw, type Damage, type Law, type Repository, type StoreUnderTest } from "./Law.ts"
export { damageLaws, type LawName, lawNamed, laws } from "./laws.ts"
export { type UsageLawName, usageLawNamed, usageLaws } from "./usageLaws.ts"
export { usageContract, type UsageContractOptions } from "./usageContract.ts"
export {
  checkLifecycle,
  lifecycleContract,
  type LifecycleContractOptions,
  type LifecycleOptions,
  type LifecycleTally,
} from "./lifecycle/lifecycleContract.ts"
export {
  serviceContract,
  type ServiceContractOptions,
  type ServiceLawName,
  serviceLawNamed,
  serviceLaws,
} from "./service/serviceContract.ts"
export { checkServiceLaw, type ServiceLaw } from "./service/ServiceLaw.ts"
