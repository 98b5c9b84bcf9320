/** Verifying with other libraries, whose rows are in memory, beside by hand. JWTs need no row, but a list of revoked ids. */
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { withBetterAuth } from "../betterAuth.ts"
import * as byHand from "../byHand.ts"
import { checkAnswers, type Contestant, type Trial } from "../contestant.ts"
import type { Measure } from "../families.ts"
import { type Block, inRounds } from "../inRounds.ts"
import { jwts } from "../jwts.ts"
import { withPassport, withPrefixedApiKey } from "../otherLibraries.ts"
import { verifying } from "../ours.ts"
import { ratioRow } from "../Row.ts"
import { few, scopes } from "../setting.ts"
import { prepare } from "../trial.ts"

export const measure: Measure = async (effort) => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })
  const { plaintexts, revoked, trial } = await prepare(tokens, few)
  const [hs256, edDsa] = [await jwts.issue("HS256", few), await jwts.issue("EdDSA", few)]
  const [prefixed, betterAuth] = [
    await withPrefixedApiKey(few),
    await withBetterAuth(":memory:", few, { inMemory: true }),
  ]
  const blocks = {
    "by hand": await checked("by hand", byHand.inMemory(plaintexts, revoked), trial),
    Tokenry: await checked("Tokenry", verifying(tokens), trial),
    "prefixed-api-key": await checked("prefixed-api-key", prefixed.contestant, prefixed.trial),
    "passport-http-bearer": await checked("passport-http-bearer", withPassport(plaintexts, revoked), trial),
    "jose, HS256": await checked("jose, HS256", jwts.withJose(hs256), hs256.trial),
    "jose, EdDSA": await checked("jose, EdDSA", jwts.withJose(edDsa), edDsa.trial),
    "better-auth, secondary storage": await checked("better-auth", betterAuth.contestant, betterAuth.trial),
  }
  const measured = await inRounds(blocks, { ...effort, seconds: effort.seconds * 2 })
  await tokens.close()
  return (Object.keys(blocks) as ReadonlyArray<keyof typeof blocks>)
    .filter((name) => name !== "by hand")
    .map((name) => ratioRow(`${name}, beside by hand`, measured, name, "by hand"))
}

const checked = async (name: string, contestant: Contestant, trial: Trial): Promise<Block> => {
  await checkAnswers({ [name]: contestant }, trial)
  return contestant.accepting(trial.good, trial.owners)
}
