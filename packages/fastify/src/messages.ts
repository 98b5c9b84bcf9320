/** Requests and responses of Fastify as `@tokenry/http` reads and writes them. */
import { type GuardedRequest, guardedRequest, type HttpAnswer, rawHeaderValues, varyingOn } from "@tokenry/http"
import type { FastifyReply, FastifyRequest } from "fastify"

export const guardedRequestOf = (request: FastifyRequest): GuardedRequest =>
  guardedRequest(
    request.method,
    () => request.originalUrl,
    (name) => rawHeaderValues(request.raw.rawHeaders, name),
    () => request.ip,
  )

/**
 * Sends the response: its status and body, its headers (replacing those of the same name), and its `Vary` in addition
 * to the current one. Other headers stay.
 */
export const writeAnswer = (reply: FastifyReply, { status, headers, body }: HttpAnswer): FastifyReply => {
  setHeaders(reply.code(status), headers)
  // As bytes, because Fastify adds a charset to text.
  return reply.send(Buffer.from(body))
}

export const setHeaders = (reply: FastifyReply, headers: HttpAnswer["headers"]): void => {
  for (const [name, value] of Object.entries(headers)) {
    if (name === "Vary") addVary(reply, value)
    else reply.header(name, value)
  }
}

export const addVary = (reply: FastifyReply, fields: string): void => {
  const current = reply.getHeader("vary")
  reply.header("Vary", varyingOn(fields, current === undefined ? undefined : [current].flat().join(", ")))
}
