import { execFileSync } from "node:child_process"
import { expect, it } from "@effect/vitest"

/** Fails on any import of one of Node's own modules. */
const withoutNode = `data:text/javascript,${encodeURIComponent(`
  import { isBuiltin, registerHooks } from "node:module"
  registerHooks({
    resolve(specifier, context, next) {
      if (isBuiltin(specifier)) throw new Error("There is no " + specifier + " for " + context.parentURL)
      return next(specifier, context)
    },
  })
`)}`

const program = `
  const { bearer, problemDetails } = await import("@tokenry/fetch")
  const problemBase = "https://api.example.test/problems/"
  const caller = { ownedBy: "user-1", scopes: [] }
  const authorize = () => ({ granted: true })
  const catalogue = { flawOf: () => undefined }
  const { protect } = bearer({ tokens: { verify: async () => ({ accepted: true, caller }), authorize, catalogue }, realm: "a", problemBase })
  const fetch = problemDetails({ problemBase })(protect((request, { ownedBy }) => {
    if (request.url.endsWith("/lost")) throw Object.assign(new Error(), { status: 404 })
    return new Response(ownedBy)
  }))
  for (const [path, headers] of [["", {}], ["", { Authorization: "Bearer abc" }], ["lost", { Authorization: "Bearer abc" }]]) {
    console.log((await fetch(new Request("https://api.example.test/" + path, { headers }))).status)
  }
`

it("imports none of Node's modules, not even indirectly", () => {
  const args = ["--conditions=@tokenry/source", "--import", withoutNode, "--input-type=module", "--eval", program]
  const output = execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8", timeout: 200_000 })
  expect(output).toBe("401\n200\n404\n")
})
