/** Issuing in memory, beside the same by hand: random characters, checksum, digest, and an entry in a `Map`. */
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { issuerInMemory, readToken } from "../byHand.ts"
import type { Measure } from "../families.ts"
import { type Block, inRounds } from "../inRounds.ts"
import { ratioRow } from "../Row.ts"
import { headerOf, requestOf, scopes } from "../setting.ts"

export const measure: Measure = async (effort) => {
  const contestants = { hand: issuing(openByHand), again: issuing(openByHand), ours: issuing(open) }
  // An issue runs ten times as much code as a verify, so it takes longer to compile. Garbage collection makes it vary more.
  for (const block of Object.values(contestants)) await block(4 * most)
  const measured = await inRounds(contestants, { ...effort, seconds: 4 * effort.seconds })
  return [
    ratioRow("issue, beside by hand", measured, "ours", "hand", { goal: { atMost: 6 } }),
    ratioRow("noise: by hand beside itself", measured, "again", "hand"),
  ]
}

interface Issuer {
  readonly issue: (index: number) => Promise<string>
  readonly close: () => Promise<void>
}

const openByHand = async (): Promise<Issuer> => ({ issue: issuerInMemory(), close: async () => {} })

const open = async (): Promise<Issuer> => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })
  return { issue: async (index) => (await tokens.issue(requestOf(index))).plaintext, close: tokens.close }
}

/** Begins anew after so many tokens, so that neither store grows without end. */
const most = 10_000

const issuing = (opening: () => Promise<Issuer>): Block => {
  let issuer: Issuer | undefined
  let index = most
  return async (times) => {
    for (let time = 0; time < times; time++) {
      if (index >= most) {
        await issuer?.close()
        issuer = await opening()
        index = 0
      }
      const plaintext = await (issuer as Issuer).issue(index++)
      if (plaintext.length !== 53) throw new Error("An issued token is not of its format")
      if (index === 1 && readToken(headerOf(plaintext)) === undefined) throw new Error("An issued token is malformed")
    }
  }
}
