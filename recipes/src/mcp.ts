/** An MCP server whose tools need scopes. MCP clients discover by themselves where people grant access. */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js"
import type { Caller } from "@tokenry/core/promise"
import { bearer, callerOf, problemDetails, protectedResourceMetadata } from "@tokenry/express"
import { type GuardTokens, ProtectedResourceMetadata } from "@tokenry/http"
import express, { type Express } from "express"
import { z } from "zod"
import { catalogue, type TreasureScope } from "./catalogue.ts"

const scopesOfTools: ReadonlyMap<string, ReadonlyArray<TreasureScope>> = new Map([
  ["list_treasures", ["treasure:read"]],
  ["hide_treasure", ["treasure:read", "treasure:create"]],
])

export interface McpOptions {
  readonly tokens: GuardTokens<TreasureScope>
  /** The server's address, as clients are configured with it: `https://api.example.com/mcp`. */
  readonly url: string
  /** The issuer whose tokens are accepted here. Its clients name `url` as their `resource` (RFC 8707). */
  readonly authorizationServer: string
}

export const mcpApp = ({ tokens, url, authorizationServer }: McpOptions): Express => {
  const resource = { resource: url, scopes: catalogue.scopes, authorizationServers: [authorizationServer] }
  const metadata = protectedResourceMetadata(resource)
  const guard = bearer({
    tokens,
    realm: "treasures",
    resourceMetadata: ProtectedResourceMetadata.make(resource).url,
  })
  const problems = problemDetails()
  const { pathname } = new URL(url)

  const app = express().disable("x-powered-by")
  app.all(metadata.path, metadata.handler)
  app.post(pathname, guard.requireScopes("treasure:read"), express.json(), async (req, res) => {
    // 403 with all scopes that the call needs, so the client can ask the person for more.
    if ((await guard.admit(req, res, scopesOfCalls(req.body))) === undefined) return
    const server = serverFor(callerOf(req))
    const transport = new StreamableHTTPServerTransport()
    res.once("close", () => void server.close())
    await server.connect(transport)
    await transport.handleRequest(req, res, req.body)
  })
  // Without sessions there is nothing to listen to and nothing to delete.
  app.all(pathname, (_, res) => void res.status(405).set("Allow", "POST").end())
  return app.use(problems.notFound).use(problems)
}

/** The scopes that the tools in a message, or in a batch of them, need. */
const scopesOfCalls = (body: unknown): ReadonlyArray<TreasureScope> => {
  const scopes = [body].flat().flatMap((message) => {
    const call = CallToolRequestSchema.safeParse(message)
    return call.success ? (scopesOfTools.get(call.data.params.name) ?? []) : []
  })
  return [...new Set(scopes)]
}

/** Each request has a server of its own, whose tools act for the caller. */
const serverFor = ({ ownedBy }: Caller): McpServer => {
  const server = new McpServer({ name: "treasures", version: "1.0.0" })
  server.registerTool("list_treasures", { description: "Lists your treasures" }, () => saying(`Ruby of ${ownedBy}`))
  server.registerTool(
    "hide_treasure",
    { description: "Hides a treasure", inputSchema: { name: z.string() } },
    ({ name }) => saying(`${name} is hidden`),
  )
  return server
}

const saying = (text: string) => ({ content: [{ type: "text" as const, text }] })
