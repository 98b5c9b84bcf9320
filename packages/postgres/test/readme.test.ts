import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { aDatabase, withoutPostgres } from "./stores.ts"

const folder = join(import.meta.dirname, "..")
const readme = readFileSync(join(folder, "README.md"), "utf8")
const examples = Array.from(readme.matchAll(/^```typescript\n([\s\S]*?)^```$/gm), ([, code]) => code ?? "")

it("the README has examples", () => assert.strictEqual(examples.length, 3))

describe.skipIf(withoutPostgres)("the README", () => {
  const printed = ["user-1\n", "true\n", ""]
  it.live.each(examples.map((code, index) => [code, printed[index]] as const))(
    "has an example that runs as printed, with the printed result: %#",
    ([code, output]) =>
      Effect.gen(function* () {
        const url = yield* aDatabase()
        assert.include(code, "postgres://localhost:5432/app")
        const program = code.replaceAll("postgres://localhost:5432/app", url)
        const args = ["--conditions=@tokenry/source", "--input-type=module-typescript", "--eval", program]
        const run = promisify(execFile)(process.execPath, args, { cwd: folder, timeout: 200_000 })
        assert.strictEqual((yield* Effect.promise(() => run)).stdout, output)
      }),
  )
})
