/** What importing a package loads: a server that only verifies must not pay for `effect/Schema` and `effect/Stream`. */
import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const workspace = join(import.meta.dirname, "../..")

/** The modules of Effect that the program loads, in a process of its own. */
const loadedBy = async (program: string): Promise<ReadonlyArray<string>> => {
  const recording = `
    import { registerHooks } from "node:module"
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    ${program}
    console.log(JSON.stringify(loaded))`
  const args = ["--conditions=@tokenry/source", "--input-type=module", "--eval", recording]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: workspace })
  const loaded: ReadonlyArray<string> = JSON.parse(stdout)
  return loaded.flatMap((url) => /\/effect\/dist\/(.+)\.js$/.exec(url)?.[1] ?? [])
}

/** Opens a store that has no tokens, and verifies a well-formed one. */
const verifying = `
  const { TokenFormat, ScopeCatalogue } = await import("@tokenry/core")
  const { ApiTokenRepository } = await import("@tokenry/core/adapter")
  const { createApiTokens } = await import("@tokenry/core/promise")
  const Layer = await import("effect/Layer")
  const Effect = await import("effect/Effect")
  const Option = await import("effect/Option")
  const repository = Layer.succeed(ApiTokenRepository, {
    keyIdsInUse: Effect.succeed([]),
    findByDigest: () => Effect.succeed(Option.none()),
  })
  const catalogue = ScopeCatalogue.make({ "treasure:read": "See treasures" })
  const tokens = await createApiTokens({ repository, catalogue, cache: { maxStaleness: "2 seconds" } })
  const token = TokenFormat.checksummed({ prefix: "tok" }).make(new Uint8Array(64))
  const { refusal } = await tokens.verify(token, { scopes: ["treasure:read"] })
  if (refusal._tag !== "Unknown") throw new Error(refusal._tag)
  await tokens.close()`

it.each([
  ["@tokenry/core", `await import("@tokenry/core")`],
  ["@tokenry/core/promise", `await import("@tokenry/core/promise")`],
  ["@tokenry/core/adapter", `await import("@tokenry/core/adapter")`],
  ["@tokenry/core/node", `await import("@tokenry/core/node")`],
  ["@tokenry/http", `await import("@tokenry/http")`],
  ["@tokenry/koa", `await import("@tokenry/koa")`],
  ["@tokenry/fetch", `await import("@tokenry/fetch")`],
  ["@tokenry/express", `await import("@tokenry/express")`],
  ["@tokenry/fastify", `await import("@tokenry/fastify")`],
  ["@tokenry/hono", `await import("@tokenry/hono")`],
  ["verifying a token", verifying],
])("%s loads neither Schema nor Stream", async (_, program) => {
  const loaded = await loadedBy(program)
  expect(loaded).toContain("Option")
  expect(loaded.filter((name) => /^(?:Schema|SchemaIssue|Stream|Channel|encoding\/index)$/.test(name))).toEqual([])
})

it.each(["@tokenry/sqlite", "@tokenry/postgres", "@tokenry/mongodb"])("%s doesn't load Schema", async (name) => {
  const loaded = await loadedBy(`await import(${JSON.stringify(name)})`)
  expect(loaded).toContain("Option")
  expect(loaded.filter((module) => module.startsWith("Schema"))).toEqual([])
})

it("the requests' schemas do load Schema, so these tests can fail", async () => {
  expect(await loadedBy(`await import("@tokenry/core/requests")`)).toContain("Schema")
})
