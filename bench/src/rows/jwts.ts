/** Verifying JWTs of the token exchange, beside opaque tokens in memory and beside jose alone. */
import { MemoryRepository } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { type SigningAlgorithm } from "@tokenry/jwt"
import { checkAnswers } from "../contestant.ts"
import { exchangedJwts } from "../exchangedJwts.ts"
import type { Measure } from "../families.ts"
import { inRounds } from "../inRounds.ts"
import { verifying } from "../ours.ts"
import { ratioRow } from "../Row.ts"
import { few, scopes } from "../setting.ts"
import { prepare } from "../trial.ts"

export const measure: Measure = async (effort, variant) => {
  const algorithm = variant as SigningAlgorithm
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: scopes })
  const { trial: ofTokens } = await prepare(tokens, few)
  const opaque = verifying(tokens)
  const { trial, tokenry, jose } = await exchangedJwts(algorithm)
  await checkAnswers({ opaque }, ofTokens)
  await checkAnswers({ JwtVerifier: tokenry, "jose alone": jose }, trial)
  const measured = await inRounds(
    {
      opaque: opaque.accepting(ofTokens.good, ofTokens.owners),
      tokenry: tokenry.accepting(trial.good, trial.owners),
      jose: jose.accepting(trial.good, trial.owners),
    },
    effort,
  )
  await tokens.close()
  return [
    ratioRow(`JwtVerifier, ${algorithm}, beside an opaque token in memory`, measured, "tokenry", "opaque"),
    ratioRow(`JwtVerifier, ${algorithm}, beside jose alone`, measured, "tokenry", "jose"),
  ]
}
