/** A folder that is deleted when its scope ends: `using folder = temporaryFolder()`. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const temporaryFolder = () => {
  const path = mkdtempSync(join(tmpdir(), "tokenry-bench-"))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
