/** A person's treasures: the API that tokens are for. */
import { randomUUID } from "node:crypto"
import { Router } from "@koa/router"
import { ListCursor } from "@tokenry/core"
import { DateTime, Schema } from "effect"
import { allows, authenticated, type DemoState } from "../http/authentication.ts"
import { found } from "../http/HttpError.ts"
import { readBody, readQuery } from "../http/requestBody.ts"
import { exactPaths } from "../http/routing.ts"
import type { Services } from "../Services.ts"
import type { Treasure } from "../store/Store.ts"

const isTreasureId = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)

const name = Schema.String.check(
  Schema.makeFilter(
    (text: string) =>
      (text.trim() !== "" && text.length <= 200 && text.isWellFormed() && !/\p{Cc}/u.test(text)) ||
      "must be 1 to 200 characters of well-formed Unicode, without control characters",
  ),
)
const value = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000_000 }))

const NewTreasure = Schema.Struct({ name, value })
const TreasureChange = Schema.Struct({ name: Schema.optionalKey(name), value: Schema.optionalKey(value) })
const TreasuresQuery = Schema.Struct({
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))),
  cursor: Schema.optionalKey(
    Schema.String.check(
      Schema.makeFilter(
        (cursor: string) =>
          ListCursor.decode(cursor, isTreasureId) !== undefined || "must be a cursor that a page gave",
      ),
    ),
  ),
})

export const treasureRoutes = (services: Services): Router<DemoState> => {
  const { treasures } = services.store
  const router = new Router<DemoState>(exactPaths)

  router.use(authenticated(services))

  router.get("/api/treasures", allows(services, "treasure:read"), async (ctx) => {
    const { limit = 20, cursor } = await readQuery(ctx, TreasuresQuery)
    const position = cursor === undefined ? undefined : ListCursor.decode(cursor, isTreasureId)
    const after = position && { createdAt: DateTime.toDate(position.createdAt), id: position.id }
    const found = await treasures.listOwnedBy(ctx.state.principal.ownedBy, limit + 1, after)
    const items = found.slice(0, limit)
    const last = found.length > limit ? items.at(-1) : undefined
    ctx.body = {
      items: items.map(treasureBody),
      nextCursor: last ? ListCursor.encode({ createdAt: DateTime.fromDateUnsafe(last.createdAt), id: last.id }) : null,
    }
  })

  router.post("/api/treasures", allows(services, "treasure:create"), async (ctx) => {
    const { name, value } = await readBody(ctx, NewTreasure)
    const treasure = { id: randomUUID(), ownedBy: ctx.state.principal.ownedBy, name, value, createdAt: new Date() }
    await treasures.add(treasure)
    ctx.status = 201
    ctx.body = treasureBody(treasure)
  })

  router.patch("/api/treasures/:id", allows(services, "treasure:edit"), async (ctx) => {
    const change = await readBody(ctx, TreasureChange)
    const treasure = await treasures.update(ctx.params["id"] ?? "", ctx.state.principal.ownedBy, change)
    ctx.body = treasureBody(found(treasure))
  })

  router.delete("/api/treasures/:id", allows(services, "treasure:delete"), async (ctx) => {
    const wasThere = await treasures.remove(ctx.params["id"] ?? "", ctx.state.principal.ownedBy)
    found(wasThere || undefined)
    ctx.status = 204
  })

  return router
}

const treasureBody = ({ id, name, value, createdAt }: Treasure) => ({ id, name, value, createdAt })
