/** Every rule of docs/conformance.md, over real sockets. */
import { bearer, problemDetails } from "@tokenry/fastify"
import fastify, { type FastifyReply, type FastifyRequest } from "fastify"
import { bearerConformance } from "../../../tools/bearer-conformance/bearerConformance.ts"

bearerConformance(async (options) => {
  const guard = bearer(options)
  const app = fastify()
  app.addHttpMethod("QUERY", { hasBody: true })
  app.addHook("onRequest", async (request, reply) => (isPreflight(request, reply) ? reply.code(204).send() : undefined))
  await app.register(problemDetails({ problemBase: options.problemBase }))
  await app.register(guard)
  app.all("/", greet)
  app.all("/hoard", guard.requireScopes("treasure:read", "treasure:delete"), greet)
  await app.ready()
  return (req, res) => app.routing(req, res)
})

const isPreflight = (request: FastifyRequest, reply: FastifyReply): boolean => {
  reply.header("Vary", "Origin")
  const { origin } = request.headers
  if (origin === undefined) return false
  reply.headers({ "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "WWW-Authenticate" })
  if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) return false
  reply.header("Access-Control-Allow-Headers", "authorization")
  return true
}

const greet = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const etag = `"${request.caller.ownedBy}"`
  reply.header("ETag", etag)
  return request.headers["if-none-match"] === etag ? reply.code(304).send() : reply.send(request.caller.ownedBy)
}
