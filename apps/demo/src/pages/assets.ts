/** The style sheet, the script and the icon of the pages. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import type { Router } from "@koa/router"
import { found } from "../http/HttpError.ts"
import type { PageState } from "./sign-in/person.ts"

export const assetRoutes = (router: Router<PageState>): void => {
  router.get("/assets/:file", (ctx) => {
    const asset = found(assets.get(String(ctx["params"]["file"])))
    ctx.type = asset.type
    ctx.set("Cache-Control", "no-cache")
    ctx.status = 200
    ctx.etag = asset.etag
    if (ctx.fresh) {
      ctx.status = 304
      return
    }
    ctx.body = asset.content
  })
}

const assetOf = (file: string, type: string) => {
  const content = readFileSync(new URL(`assets/${file}`, import.meta.url), "utf8")
  return { type, content, etag: createHash("sha256").update(content).digest("base64url") }
}

const assets = new Map([
  ["pages.css", assetOf("pages.css", "text/css")],
  ["pages.js", assetOf("pages.js", "text/javascript")],
  ["icon.svg", assetOf("icon.svg", "image/svg+xml")],
])
