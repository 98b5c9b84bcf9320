export { NodeCrypto } from "./NodeCrypto.ts"
