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
import { SqliteRepository } from "@tokenry/sqlite"
import { connection, damageBy, otherProcess } from "./waysIn.ts"

repositoryContract("SQLite in memory", SqliteRepository.layer({ filename: ":memory:" }))
repositoryContract("SQLite in a file, by two connections", connection(), {
  alsoThrough: connection(),
  runs: 25,
  damage: damageBy("UPDATE api_token SET scopes = 'treasure:read' WHERE id = ?"),
})
usageContract("SQLite in a file, by two connections", connection(), { alsoThrough: connection(), runs: 25 })
changesContract("SQLite in a file, by two connections", connection(), { alsoThrough: connection(), runs: 25 })
serviceContract("SQLite in a file, by two processes", connection(), {
  alsoThrough: otherProcess,
  runs: 40,
})
lifecycleContract("SQLite in memory", SqliteRepository.layer({ filename: ":memory:" }), { sequences: 50 })

/** Those for which it matters whether two connections belong to one process, which makes its calls one by one. */
const lawsBetweenProcesses: ReadonlyArray<LawName> = [
  "of many concurrent inserts with one digest, exactly one succeeds",
  "however inserts collide, a digest belongs to at most one token, and a refused one leaves no trace",
  "of many concurrent replaces under one revision, exactly one succeeds",
  "concurrent changes that read again after a conflict are all kept",
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

describe("the repository contract, kept by SQLite in a file, by two processes", () => {
  for (const name of lawsBetweenProcesses) {
    it.live(name, () => checkLaw(lawNamed(name), connection(), { alsoThrough: otherProcess, runs: 25 }))
  }
})

/** Those that show that a change reaches another process. */
const reportsBetweenProcesses: ReadonlyArray<ChangesLawName> = [
  "a token that another connection replaces is reported, each time",
  "an owner that another connection announces is reported, each time",
]

describe("the changes contract, kept by SQLite in a file, by two processes", () => {
  for (const name of reportsBetweenProcesses) {
    it.live(name, () => checkChangesLaw(changesLawNamed(name), connection(), { alsoThrough: otherProcess }))
  }
})

describe("the usage contract, kept by SQLite in a file, by two processes", () => {
  for (const law of usageLaws) {
    it.live(law.name, () => checkUsageLaw(law, connection(), { alsoThrough: otherProcess, runs: 10 }))
  }
})
