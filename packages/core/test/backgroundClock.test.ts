import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { expect, it } from "vitest"

/** Runs it in a separate process, which must exit by itself. */
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

it("a program that forgets to close still exits, without waiting for background work", async () => {
  expect((await run(opening)).stdout).toBe("true\n")
})

it("closing writes and delivers everything", async () => {
  const { stdout } = await run(`${opening}; await tokens.close(); console.log("closed")`)
  expect(stdout).toBe("true\nclosed\n")
})
