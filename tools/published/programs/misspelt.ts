/** A misspelt scope must not compile with any compiler; otherwise the published types have silently become `any`. */
import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens } from "@tokenry/core/promise"
import { bearer as expressBearer } from "@tokenry/express"
import { bearer as fastifyBearer } from "@tokenry/fastify"
import { bearer as fetchBearer } from "@tokenry/fetch"
import { bearer as honoBearer } from "@tokenry/hono"
import { bearer as koaBearer } from "@tokenry/koa"

const catalogue = ScopeCatalogue.make({ "treasure:read": "See your treasures" })
const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
const options = { tokens, realm: "treasures" }

export const misspelt = [
  // @ts-expect-error
  () => tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:reed"] }),
  // @ts-expect-error
  () => koaBearer(options).requireScopes("treasure:reed"),
  // @ts-expect-error
  () => expressBearer(options).requireScopes("treasure:reed"),
  // @ts-expect-error
  () => fastifyBearer(options).requireScopes("treasure:reed"),
  // @ts-expect-error
  () => honoBearer(options).requireScopes("treasure:reed"),
  // @ts-expect-error
  () => fetchBearer(options).requireScopes("treasure:reed"),
]
