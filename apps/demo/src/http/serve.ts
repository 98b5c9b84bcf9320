/** Serves a declared route: checks who may call it, then its input, then calls its handler. */
import type { Router } from "@koa/router"
import { missingScopes } from "@tokenry/core"
import { type Route, type SecurityRequirement, type Shape } from "@tokenry/http"
import { writeAnswer } from "@tokenry/koa"
import type Koa from "koa"
import { scopeCatalogue } from "../scopes.ts"
import type { Services } from "../Services.ts"
import { authenticated, type DemoState } from "./authentication.ts"
import { problemsOf } from "./guard.ts"
import { HttpError } from "./HttpError.ts"
import { readBody, readOptionalBody, readQuery } from "./requestBody.ts"

/** What a handler receives besides the context. */
export interface Input<Query extends Shape, Body extends Shape> {
  readonly query: Query["Type"]
  readonly body: Body["Type"]
  /** A path parameter; empty if the path has no such parameter. */
  readonly param: (name: string) => string
}

export type DemoContext = Koa.ParameterizedContext<DemoState>

/** Never reads the body of a request that isn't admitted. */
export const serve = <Query extends Shape, Body extends Shape>(
  router: Router<DemoState>,
  services: Services,
  route: Route<Query, Body>,
  handle: (ctx: DemoContext, input: Input<Query, Body>) => Promise<void> | void,
): void => {
  const { method, path, security } = route
  const guards = security.length === 0 ? [] : [authenticated(services), admits(services, security)]
  const methodName = method.toLowerCase() as Lowercase<typeof method>
  router[methodName](path, ...guards, async (ctx) => {
    const query: Query["Type"] = route.query && (await readQuery(ctx, route.query))
    const body: Body["Type"] = await bodyOf(ctx, route)
    const params = ctx["params"] as Readonly<Record<string, string | undefined>>
    await handle(ctx, { query, body, param: (name) => params[name] ?? "" })
  })
}

const bodyOf = (ctx: DemoContext, { body }: Route): Promise<unknown> | undefined => {
  if (body === undefined) return undefined
  return body.isOptional ? readOptionalBody(ctx, body.schema) : readBody(ctx, body.schema)
}

/** Admits principals that meet one of the requirements. */
const admits = (services: Services, security: ReadonlyArray<SecurityRequirement>): Koa.Middleware<DemoState> => {
  const { guard } = services
  const { sessionRequired } = problemsOf(services)
  const requirementOf = (scheme: string) => security.find((requirement) => requirement.scheme === scheme)
  const [bySession, byToken, byAdmin] = ["session", "bearer", "adminSession"].map(requirementOf)
  const withScopes =
    byToken && byToken.scopes.length > 0 ? guard.requireScopes(...scopeCatalogue.requested(byToken.scopes)) : undefined

  return async function admits(ctx, next) {
    const { via, scopes: held, isAdmin } = ctx.state.principal
    if (via === "token") {
      if (byToken === undefined) return writeAnswer(ctx, sessionRequired)
      return withScopes === undefined ? next() : withScopes(ctx, next)
    }
    if (byAdmin !== undefined) {
      if (!isAdmin) throw new HttpError(403, "Only an admin can do this")
      return next()
    }
    const required = bySession?.scopes ?? []
    const isGranted = missingScopes(required, { scopes: held }).length === 0
    return isGranted ? next() : writeAnswer(ctx, guard.denials.insufficientScope(required))
  }
}
