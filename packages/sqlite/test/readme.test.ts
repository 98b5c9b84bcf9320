import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { nextLine, start } from "./processes.ts"
import { temporaryFolder } from "./stores.ts"

it.live("the README begins with code that runs", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const { lines } = yield* start("readme", { args: [], folder })
    assert.strictEqual(yield* nextLine(lines), "user-1")
    assert.strictEqual(yield* nextLine(lines), "")
    assert.isTrue(existsSync(join(folder, "tokens.sqlite")))
    assert.isFalse(existsSync(join(folder, "tokens.sqlite-wal")), "closing leaves one file")
  }),
)

it("the README shows the code that is tested", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
  const source = readFileSync(new URL("programs/readme.ts", import.meta.url), "utf8")
  assert.strictEqual(/```ts\n([\s\S]*?)```/.exec(readme)?.[1], source)
})
