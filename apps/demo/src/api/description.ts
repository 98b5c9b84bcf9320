/** All declared routes, and the OpenAPI document that describes them. */
import type { Route } from "@tokenry/http"
import { type OpenApiDocument, openApiOf } from "@tokenry/http/openapi"
import { declaredDocs } from "../routes/docs.ts"
import { declaredHealth } from "../routes/health.ts"
import { declaredMe } from "../routes/me.ts"
import { declaredOauth } from "../routes/oauth.ts"
import { declaredProblems } from "../routes/problems.ts"
import { declaredSession } from "../routes/session.ts"
import { declaredTokens } from "../routes/tokens.ts"
import { declaredTreasures } from "../routes/treasures.ts"
import { declaredUsers } from "../routes/users.ts"
import { securitySchemes } from "./security.ts"

export const declaredRoutes: ReadonlyArray<Route> = [
  declaredMe,
  declaredTreasures,
  declaredTokens,
  declaredSession,
  declaredUsers,
  declaredOauth,
  declaredHealth,
  declaredProblems,
  declaredDocs,
].flatMap((routes): ReadonlyArray<Route> => Object.values(routes))

export const describeApi = (publicUrl: string): OpenApiDocument =>
  openApiOf(declaredRoutes, {
    title: "Treasures",
    version: "0.1.0",
    description: "Accounts' treasures, and the API tokens that give programs access to them.",
    license: "MIT",
    serverUrl: publicUrl,
    securitySchemes,
    problemsOfAll: ["too-many-requests", "internal-error", "store-unavailable"],
  })
