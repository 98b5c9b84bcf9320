import { describe, it } from "@effect/vitest"
import {
  changesContract,
  changesLawNamed,
  type ChangesLawName,
  checkChangesLaw,
  checkLaw,
  checkUsageLaw,
  type LawName,
  lawNamed,
  lifecycleContract,
  repositoryContract,
  serviceContract,
  usageContract,
  usageLaws,
} from "@tokenry/repository-contract"
import { withoutPostgres } from "./stores.ts"
import { callersPool, otherProcess, pool } from "./waysIn.ts"

/** Those for which it matters whether two pools belong to one process. */
const lawsBetweenProcesses: ReadonlyArray<LawName> = [
  "of many concurrent inserts with one digest, exactly one succeeds",
  "of many concurrent replaces under one revision, exactly one succeeds",
  "if many tokens take one digest at once, exactly one gets it",
  "however replaces and a bulk revocation interleave, the token ends revoked, and no change is lost",
  "only one of several concurrent bulk revocations counts a token, and its reason stays",
  "pages give what is there throughout exactly once, while others write in between",
  "a stream that is read while others write gives what is there throughout once, as it was or as it is",
  "only one of several concurrent purges counts a token",
  "every later read, on any connection, sees a finished write",
  "a reader during a write sees the token before or after it, never a mixture",
  "whatever is called, in whatever order, the store answers as a plain list of tokens would",
]

/** Those that show that a change reaches another process. */
const reportsBetweenProcesses: ReadonlyArray<ChangesLawName> = [
  "a token that another connection replaces is reported, each time",
  "an owner that another connection announces is reported, each time",
]

/** The contracts register tests, which vitest skips within a group that is skipped. */
describe.skipIf(withoutPostgres)("with a PostgreSQL server", () => {
  repositoryContract("PostgreSQL, on a caller's pool", callersPool, { runs: 25 })
  repositoryContract("PostgreSQL, by two pools", pool(), { alsoThrough: pool(), runs: 25 })
  usageContract("PostgreSQL, by two pools", pool(), { alsoThrough: pool(), runs: 25 })
  changesContract("PostgreSQL, by two pools", pool(), { alsoThrough: pool(), runs: 50 })
  changesContract("PostgreSQL, listening on a caller's pool", callersPool, { alsoThrough: pool(), runs: 10 })
  serviceContract("PostgreSQL, by two processes", pool(), { alsoThrough: otherProcess, runs: 40 })
  lifecycleContract("PostgreSQL", callersPool, { sequences: 15 })

  describe("the repository contract, kept by PostgreSQL, by two processes", () => {
    for (const name of lawsBetweenProcesses) {
      it.live(name, () => checkLaw(lawNamed(name), pool(), { alsoThrough: otherProcess, runs: 15 }))
    }
  })

  describe("the changes contract, kept by PostgreSQL, by two processes", () => {
    for (const name of reportsBetweenProcesses) {
      it.live(name, () => checkChangesLaw(changesLawNamed(name), pool(), { alsoThrough: otherProcess }))
    }
  })

  describe("the usage contract, kept by PostgreSQL, by two processes", () => {
    for (const law of usageLaws) {
      it.live(law.name, () => checkUsageLaw(law, pool(), { alsoThrough: otherProcess, runs: 10 }))
    }
  })
})
