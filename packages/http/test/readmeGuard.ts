import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { Guard, type HttpAnswer } from "@tokenry/http"

const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures" })
const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
const guard = Guard.make({ tokens, realm: "treasures" })

const answerTo = async (headers: Headers): Promise<HttpAnswer> => {
  const headerValues = (name: string) => [headers.get(name) ?? []].flat()
  const admission = await guard.admit({ headerValues }, ["treasure:read"])
  if (!admission.admitted) return admission.denial
  return { status: 200, headers: admission.headers, body: `The treasures of ${admission.caller.ownedBy}` }
}

const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
console.log((await answerTo(new Headers())).status) // 401
console.log((await answerTo(new Headers({ Authorization: `Bearer ${plaintext}` }))).body) // The treasures of user-1
