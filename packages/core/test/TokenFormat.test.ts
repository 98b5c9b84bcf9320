import { expect, it } from "vitest"
import { checksumOf } from "../src/token/Checksum.ts"

it("the checksum is GitHub's", () => {
  // The vector of a published GitHub token: 30 random characters and 6 of checksum.
  expect(checksumOf("zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ")).toBe("0mLq17")
})
