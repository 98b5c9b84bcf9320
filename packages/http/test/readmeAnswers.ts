import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { BearerAnswers, type HttpAnswer, readBearer } from "@tokenry/http"

const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: ScopeCatalogue.make({}) })
const answers = BearerAnswers.make({ realm: "treasures", problemBase: "https://api.example.com/problems/" })

const answerTo = async (authorization: ReadonlyArray<string>): Promise<HttpAnswer> => {
  const credentials = readBearer(authorization)
  if (credentials._tag !== "Bearer") return answers.toCredentials(credentials)
  const verification = await tokens.verify(credentials.token)
  if (!verification.accepted) return answers.toRefusal(verification.refusal)
  return { status: 200, headers: {}, body: `Hello, ${verification.caller.ownedBy}` }
}

const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
console.log(await answerTo([]), await answerTo(["Bearer abc"]), await answerTo([`Bearer ${plaintext}`]))
