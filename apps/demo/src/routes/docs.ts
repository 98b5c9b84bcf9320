/** The API's description: OpenAPI for programs, and a page that shows it for people. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Router } from "@koa/router"
import { Route } from "@tokenry/http"
import type { OpenApiDocument } from "@tokenry/http/openapi"
import * as Schema from "effect/Schema"
import { anyone } from "../api/security.ts"
import type { DemoState } from "../http/authentication.ts"
import { found } from "../http/HttpError.ts"
import { exactPaths } from "../http/routing.ts"
import { serve } from "../http/serve.ts"
import type { Services } from "../Services.ts"

const page = { schema: Schema.String, mediaType: "text/html" }

export const declaredDocs = {
  openApi: Route.declare({
    method: "GET",
    path: "/openapi.json",
    operationId: "describeApi",
    summary: "Describes the API as an OpenAPI document",
    security: anyone,
    answers: { 200: { description: "The document", schema: Schema.Record(Schema.String, Schema.Unknown) } },
  }),
  page: Route.declare({
    method: "GET",
    path: "/docs",
    operationId: "showDocs",
    summary: "Shows the API's description as a page",
    security: anyone,
    answers: { 200: { description: "The page", ...page } },
  }),
  asset: Route.declare({
    method: "GET",
    path: "/docs/:file",
    operationId: "getDocsAsset",
    summary: "Serves the page's assets",
    security: anyone,
    parameters: { file: "The file's name" },
    answers: { 200: { description: "The file", schema: Schema.String, mediaType: "*/*" } },
  }),
}

export const docsRoutes = (services: Services, description: OpenApiDocument): Router<DemoState> => {
  const router = new Router<DemoState>(exactPaths)

  serve(router, services, declaredDocs.openApi, (ctx) => {
    ctx.body = description
  })

  serve(router, services, declaredDocs.page, (ctx) => {
    ctx.type = "text/html"
    ctx.set("Content-Security-Policy", contentSecurityPolicy)
    ctx.body = html
  })

  serve(router, services, declaredDocs.asset, (ctx, { param }) => {
    const asset = found(assets.get(param("file")))
    ctx.type = asset.type
    ctx.set("Cache-Control", "public, max-age=3600")
    ctx.body = asset.content
  })

  return router
}

/** The page may only load its own resources. Icons in its style sheet are data URLs. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ")

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Treasures: the API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<main id="reference"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

const start = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#reference", validatorUrl: null })
`

const contentOf = (url: string): Buffer => readFileSync(fileURLToPath(url))

const assets: ReadonlyMap<string, { readonly type: string; readonly content: string | Buffer }> = new Map([
  ["swagger-ui.css", { type: "text/css", content: contentOf(import.meta.resolve("swagger-ui-dist/swagger-ui.css")) }],
  [
    "swagger-ui-bundle.js",
    { type: "text/javascript", content: contentOf(import.meta.resolve("swagger-ui-dist/swagger-ui-bundle.js")) },
  ],
  ["start.js", { type: "text/javascript", content: start }],
])
