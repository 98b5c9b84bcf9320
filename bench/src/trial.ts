/** Issues the tokens of a family, and makes the headers that its contestants must know. */
import type { PromiseApiTokens } from "@tokenry/core/promise"
import { makeToken } from "./byHand.ts"
import type { Trial } from "./contestant.ts"
import { headerOf, issue, mistyped, ownerOf, type scope } from "./setting.ts"

export interface Prepared {
  readonly plaintexts: ReadonlyArray<string>
  readonly revoked: ReadonlyArray<string>
  readonly trial: Trial
}

const revokedCount = 20

export const prepare = async (tokens: PromiseApiTokens<typeof scope>, count: number): Promise<Prepared> => {
  const { plaintexts } = await issue(tokens, count)
  const { plaintexts: revoked, details } = await issue(tokens, revokedCount)
  for (const { id, ownedBy } of details) await tokens.revoke({ id, ownedBy })
  return { plaintexts, revoked, trial: trialOf(plaintexts, revoked) }
}

/** Unknown tokens are well-formed: only a lookup shows that nobody has issued them. */
const trialOf = (plaintexts: ReadonlyArray<string>, revoked: ReadonlyArray<string>): Trial => ({
  good: plaintexts.map(headerOf),
  owners: plaintexts.map((_, index) => ownerOf(index)),
  malformed: plaintexts.map(mistyped).map(headerOf),
  unknown: plaintexts.map(makeToken).map(headerOf),
  revoked: revoked.map(headerOf),
})
