/** Runs the demo: `pnpm start`. */
import { readConfiguration } from "./Configuration.ts"
import { type Demo, startDemo } from "./Demo.ts"

const describe = async ({ publicUrl, store, tokens, isNew }: Demo, location: string): Promise<string> => {
  const lines = [
    `Tokenry's demo is at ${publicUrl} (store: ${location})`,
    "Sign in as owner@example.test, other@example.test or admin@example.test: POST /api/session.",
    "The accounts' password, and what to try next, are in the README.",
  ]
  if (!isNew) return lines.join("\n")
  const owner = await store.accounts.findByEmail("owner@example.test")
  const { plaintext } = await tokens.issue({
    ownedBy: owner?.id ?? "",
    name: "From the first start",
    scopes: ["treasure:read", "treasure:create"],
    expiresIn: "7 days",
  })
  return [
    ...lines,
    "Or call the API right now, with a token that is shown this once:",
    "",
    `  curl -H 'Authorization: Bearer ${plaintext}' ${publicUrl}/api/treasures`,
    "",
  ].join("\n")
}

try {
  const configuration = readConfiguration(process.env)
  const demo = await startDemo(configuration)
  console.log(await describe(demo, configuration.store.kind === "sqlite" ? configuration.store.filename : "memory"))
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void demo.stop())
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
