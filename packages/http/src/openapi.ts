/** Describes routes as OpenAPI. An entry of its own, because it loads `effect/Schema`. */
export { openApiOf, type OpenApiDocument, type OpenApiOptions } from "./routes/openApi.ts"
