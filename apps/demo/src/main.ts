/** Runs the demo: `pnpm start`. */
import { readConfiguration, warningAbout } from "./Configuration.ts"
import { type Demo, startDemo } from "./Demo.ts"
import { fixturePassword } from "./fixtures.ts"
import { isPassword } from "./passwords.ts"
import { describeLocation } from "./store/openStore.ts"

const owner = "owner@example.test"

/** What people need to get started: a token if the store is new, and the password if there are fixtures. */
const describe = async ({ publicUrl, store, tokens, isNew }: Demo, location: string): Promise<string> => {
  const lines = [`Tokenry's demo is at ${publicUrl} (store: ${location})`]
  const account = await store.accounts.findByEmail(owner)
  if (account !== undefined && (await isPassword(fixturePassword, account.passwordHash))) {
    lines.push(
      `Sign in at ${publicUrl}/login as ${owner}, other@example.test or admin@example.test. The password is ${fixturePassword}`,
    )
  }
  if (isNew && account !== undefined) {
    const { plaintext } = await tokens.issue({
      ownedBy: account.id,
      name: "From the first start",
      scopes: ["treasure:read", "treasure:create"],
      expiresIn: "7 days",
    })
    lines.push(
      "Or call the API right now, with a token that is only shown once:",
      "",
      `  curl -H 'Authorization: Bearer ${plaintext}' ${publicUrl}/api/treasures`,
      "",
    )
  }
  return [...lines, "apps/demo/README.md shows what to try next."].join("\n")
}

const [stopping, hastening] = [new AbortController(), new AbortController()]
const stop = () => (stopping.signal.aborted ? hastening : stopping).abort()
try {
  const configuration = readConfiguration(process.env)
  // Registered with `on`, not `once`: a second signal hastens the shutdown, and must not kill the process.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop)
  const warning = warningAbout(configuration)
  if (warning !== undefined) console.log(`Warning: ${warning}`)
  const demo = await startDemo(configuration, {
    signal: stopping.signal,
    hasten: hastening.signal,
    onWaiting: (line) => console.log(line),
  })
  console.log(await describe(demo, describeLocation(configuration.store)))
} catch (error) {
  // If it was stopped during startup, the reason is already known.
  if (!stopping.signal.aborted) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
