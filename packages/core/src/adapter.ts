/** What authors of stores and framework adapters need, beside the main entry. */
export { type PromiseStore, repositoryFromPromises } from "./promise-store/repositoryFromPromises.ts"
export type { StoredChange, StoredSecret, StoredToken } from "./promise-store/StoredToken.ts"
