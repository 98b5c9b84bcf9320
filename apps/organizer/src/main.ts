/** Runs the organizer: `pnpm start:organizer` starts the demo beside it. */
import { readConfiguration } from "./Configuration.ts"
import { startOrganizer } from "./Organizer.ts"

try {
  const configuration = readConfiguration(process.env)
  const { url, stop } = await startOrganizer(configuration)
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.once(signal, () => void stop())
  console.log(`Treasure Organizer is at ${url} (treasures: ${configuration.treasuresUrl})`)
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
