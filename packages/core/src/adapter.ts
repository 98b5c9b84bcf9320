/** What authors of stores and framework adapters need besides the main entry point. */
export { type PromiseStore, repositoryFromPromises } from "./promise-store/repositoryFromPromises.ts"
export type { StoredChange, StoredSecret, StoredToken } from "./promise-store/StoredToken.ts"
