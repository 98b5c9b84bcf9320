/** A person's treasures: the API that tokens give access to. */
import { randomUUID } from "node:crypto"
import { Router } from "@koa/router"
import { InvalidInput } from "@tokenry/core"
import { ListCursor } from "@tokenry/core/adapter"
import { Route } from "@tokenry/http"
import * as DateTime from "effect/DateTime"
import * as Schemas from "../api/schemas.ts"
import { sessionOrToken } from "../api/security.ts"
import type { DemoState } from "../http/authentication.ts"
import { found } from "../http/HttpError.ts"
import { exactPaths } from "../http/routing.ts"
import { serve } from "../http/serve.ts"
import type { Services } from "../Services.ts"
import type { Treasure } from "../store/Store.ts"

const parameters = { id: "The treasure's id" }

export const declaredTreasures = {
  list: Route.declare({
    method: "GET",
    path: "/api/treasures",
    operationId: "listTreasures",
    summary: "Lists the owner's treasures, newest first",
    security: sessionOrToken("treasure:read"),
    query: Schemas.PageQuery,
    answers: { 200: { description: "A page of treasures", schema: Schemas.pageOf(Schemas.Treasure) } },
  }),
  create: Route.declare({
    method: "POST",
    path: "/api/treasures",
    operationId: "createTreasure",
    summary: "Adds a treasure",
    security: sessionOrToken("treasure:create"),
    body: { schema: Schemas.NewTreasure, example: { name: "Pearl", value: 5 } },
    answers: { 201: { description: "The treasure", schema: Schemas.Treasure } },
  }),
  edit: Route.declare({
    method: "PATCH",
    path: "/api/treasures/:id",
    operationId: "editTreasure",
    summary: "Changes one of the owner's treasures",
    security: sessionOrToken("treasure:edit"),
    parameters,
    body: { schema: Schemas.TreasureChange, example: { value: 6 } },
    answers: { 200: { description: "The updated treasure", schema: Schemas.Treasure } },
  }),
  remove: Route.declare({
    method: "DELETE",
    path: "/api/treasures/:id",
    operationId: "deleteTreasure",
    summary: "Deletes one of the owner's treasures",
    security: sessionOrToken("treasure:delete"),
    parameters,
    answers: { 204: { description: "The treasure is deleted" } },
  }),
}

export const treasureRoutes = (services: Services): Router<DemoState> => {
  const { treasures } = services.store
  const router = new Router<DemoState>(exactPaths)

  serve(router, services, declaredTreasures.list, async (ctx, { query: { limit = 20, cursor } }) => {
    const after = cursor === undefined ? undefined : positionOf(cursor)
    const found = await treasures.listOwnedBy(ctx.state.principal.ownedBy, limit + 1, after)
    const items = found.slice(0, limit)
    const last = found.length > limit ? items.at(-1) : undefined
    ctx.body = {
      items: items.map(treasureBody),
      nextCursor: last ? ListCursor.encode({ createdAt: DateTime.fromDateUnsafe(last.createdAt), id: last.id }) : null,
    }
  })

  serve(router, services, declaredTreasures.create, async (ctx, { body: { name, value } }) => {
    const treasure = { id: randomUUID(), ownedBy: ctx.state.principal.ownedBy, name, value, createdAt: new Date() }
    await treasures.add(treasure)
    ctx.status = 201
    ctx.body = treasureBody(treasure)
  })

  serve(router, services, declaredTreasures.edit, async (ctx, { body, param }) => {
    ctx.body = treasureBody(found(await treasures.update(param("id"), ctx.state.principal.ownedBy, body)))
  })

  serve(router, services, declaredTreasures.remove, async (ctx, { param }) => {
    const wasThere = await treasures.remove(param("id"), ctx.state.principal.ownedBy)
    found(wasThere || undefined)
    ctx.status = 204
  })

  return router
}

const isTreasureId = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)

const positionOf = (cursor: string): { readonly createdAt: Date; readonly id: string } => {
  const position = ListCursor.decode(cursor, isTreasureId)
  if (position === undefined) {
    throw new InvalidInput({ issues: [{ path: ["cursor"], message: "must be the nextCursor of a previous page" }] })
  }
  return { createdAt: DateTime.toDate(position.createdAt), id: position.id }
}

const treasureBody = ({ id, name, value, createdAt }: Treasure) => ({ id, name, value, createdAt })
