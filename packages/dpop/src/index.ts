export { Dpop, type DpopOptions } from "./Dpop.ts"
export { type DpopReplays, MemoryReplays } from "./DpopReplays.ts"
