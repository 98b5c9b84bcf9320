import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, it } from "vitest"

/** Runs it in a process of its own, which has to end by itself. */
const run = (program: string) =>
  promisify(execFile)(process.execPath, ["--conditions=@tokenry/source", "--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
    timeout: 200_000,
  })

const opening = `
  import { MemoryRepository, ScopeCatalogue, TokenPolicy } from "@tokenry/core"
  import { createApiTokens } from "@tokenry/core/promise"
  const tokens = await createApiTokens({
    repository: MemoryRepository.layer,
    catalogue: ScopeCatalogue.make({}),
    sweeps: { every: "100 days", purgeDeadFor: "1 day" },
    audit: () => {},
  })
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
  console.log((await tokens.verify(plaintext)).accepted)
`

it("a program that forgets to close ends all the same, without waiting for what waits in the background", async () => {
  expect((await run(opening)).stdout).toBe("true\n")
})

it("who closes ends with all written and told", async () => {
  const { stdout } = await run(`${opening}; await tokens.close(); console.log("closed")`)
  expect(stdout).toBe("true\nclosed\n")
})
