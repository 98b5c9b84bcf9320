/** Runs the demo: `pnpm start`. */
import { readConfiguration } from "./Configuration.ts"
import { type Demo, startDemo } from "./Demo.ts"
import { describeLocation } from "./store/openStore.ts"

const describe = async ({ publicUrl, store, tokens, isNew }: Demo, location: string): Promise<string> => {
  const lines = [
    `Tokenry's demo is at ${publicUrl} (store: ${location})`,
    `Sign in at ${publicUrl}/login as owner@example.test, other@example.test or admin@example.test.`,
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

const stopping = new AbortController()
try {
  const configuration = readConfiguration(process.env)
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort())
  const demo = await startDemo(configuration, { signal: stopping.signal, onWaiting: (line) => console.log(line) })
  console.log(await describe(demo, describeLocation(configuration.store)))
} catch (error) {
  // Who stops it while it starts knows why it ends.
  if (!stopping.signal.aborted) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
