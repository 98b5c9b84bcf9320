/** All routers, whose routes are described in `api/description.ts`. */
import type { Router } from "@koa/router"
import { Route } from "@tokenry/http"
import type Provider from "oidc-provider"
import { declaredRoutes, describeApi } from "./api/description.ts"
import type { DemoState } from "./http/authentication.ts"
import { docsRoutes } from "./routes/docs.ts"
import { healthRoutes } from "./routes/health.ts"
import { meRoutes } from "./routes/me.ts"
import { oauthRoutes } from "./routes/oauth.ts"
import { problemRoutes } from "./routes/problems.ts"
import { sessionRoutes } from "./routes/session.ts"
import { tokenRoutes } from "./routes/tokens.ts"
import { treasureRoutes } from "./routes/treasures.ts"
import { userRoutes } from "./routes/users.ts"
import type { Services } from "./Services.ts"

export const makeRouters = (services: Services, provider: Provider): ReadonlyArray<Router<DemoState>> => [
  healthRoutes(services),
  sessionRoutes(services),
  meRoutes(services),
  treasureRoutes(services),
  tokenRoutes(services),
  userRoutes(services),
  oauthRoutes(services, Route.scopesSupported(declaredRoutes), provider),
  problemRoutes(services),
  docsRoutes(services, describeApi(services.publicUrl)),
]
