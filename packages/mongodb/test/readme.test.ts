import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { aDatabase, urlOf, withoutMongodb } from "./stores.ts"

const folder = join(import.meta.dirname, "..")
const readme = readFileSync(join(folder, "README.md"), "utf8")
const examples = Array.from(readme.matchAll(/^```typescript\n([\s\S]*?)^```$/gm), ([, code]) => code ?? "")

it("the README has examples", () => assert.isAtLeast(examples.length, 3))

describe.skipIf(withoutMongodb)("the README", () => {
  it.effect.each(examples)("has an example that runs unchanged: %#", (code) =>
    Effect.gen(function* () {
      const { databaseName } = yield* aDatabase()
      assert.include(code, "mongodb://localhost:27017/app")
      const program = code.replaceAll("mongodb://localhost:27017/app", urlOf(databaseName))
      const args = ["--conditions=@tokenry/source", "--input-type=module-typescript", "--eval", program]
      yield* Effect.promise(() => promisify(execFile)(process.execPath, args, { cwd: folder, timeout: 200_000 }))
    }),
  )
})
