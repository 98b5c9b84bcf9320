/**
 * Installs what the demo runs on, and the apps named as arguments: no linters, no Chromium. Where everything is installed, keeps
 * it all and updates it.
 * Plain JavaScript, since Node 20 may run this before the workspace's own Node is installed.
 *
 * The lockfile's hashes pin every package. The other scripts also check the age of all 630 in the registry,
 * which took 7 to 20 seconds when measured.
 */
import { execSync } from "node:child_process"
import { existsSync } from "node:fs"

const apps = ["@tokenry/demo", ...process.argv.slice(2)].map((name) => `--filter "${name}..."`).join(" ")
const forApps = `pnpm install --prod --config.minimumReleaseAge=0 --filter tokenry ${apps}`
execSync(existsSync("node_modules/vitest") ? "pnpm install" : forApps, { stdio: "inherit" })
