/**
 * Installs what the demo runs on: no linters, no Chromium. Where everything is installed, keeps it all and updates it.
 * Plain JavaScript, since Node 20 may run this before the workspace's own Node is installed.
 */
import { execSync } from "node:child_process"
import { existsSync } from "node:fs"

const everything = existsSync("node_modules/vitest")
execSync(everything ? "pnpm install" : 'pnpm install --prod --filter tokenry --filter "@tokenry/demo..."', {
  stdio: "inherit",
})
