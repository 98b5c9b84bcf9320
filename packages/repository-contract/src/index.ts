export { type CheckOptions, checkLaw, type Law, type Repository, type StoreUnderTest } from "./Law.ts"
export { type LawName, lawNamed, laws } from "./laws.ts"
export { repositoryContract, type RepositoryContractOptions } from "./repositoryContract.ts"
