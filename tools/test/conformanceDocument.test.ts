import { join } from "node:path"
import { expect, it } from "vitest"
import { conformanceDocument } from "../bearer-conformance/conformanceDocument.ts"

it("docs/conformance.md lists the current rules; -u updates it", async () => {
  const file = join(import.meta.dirname, "../../docs/conformance.md")
  await expect(conformanceDocument()).toMatchFileSnapshot(file)
})
