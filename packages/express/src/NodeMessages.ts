/** What the middleware needs of a request and a response: those of node:http, and what Express adds. */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Caller } from "@tokenry/core/promise"
import { type GuardedRequest, type HttpAnswer, rawHeaderValues, varyingOn } from "@tokenry/http"

/** A request of node:http; those of Express and NestJS are ones too. */
export interface NodeRequest extends IncomingMessage {
  /** Who calls, once a guard has let the request through. */
  caller?: Caller | undefined
  /** What a body parser has made of the body. */
  body?: unknown
  /** Express' idea of the client's address, which honours `trust proxy`. */
  ip?: string | undefined
}

export type NodeResponse = ServerResponse

/** Passes the request on, or an error to the error handlers. */
export type Next = (error?: unknown) => void

/** Middleware for Express 4 and 5, and whatever else calls `(req, res, next)`. */
export type Middleware = (req: NodeRequest, res: NodeResponse, next: Next) => Promise<void>

export const addressOf = ({ ip, socket }: NodeRequest): string | undefined => ip ?? socket.remoteAddress

export const guardedRequestOf = (req: NodeRequest): GuardedRequest => ({
  headerValues: (name) => rawHeaderValues(req.rawHeaders, name),
  get address() {
    return addressOf(req)
  },
})

/**
 * Makes the answer the response: its status, its body, its headers in place of those of the same name, and its `Vary` in
 * addition to what the response varies on already. Other headers stay.
 */
export const writeAnswer = (res: NodeResponse, { status, headers, body }: HttpAnswer): void => {
  res.statusCode = status
  setHeaders(res, headers)
  // By `end`, because Express' `send` would add an ETag and a charset.
  res.setHeader("Content-Length", Buffer.byteLength(body))
  res.end(body)
}

export const setHeaders = (res: NodeResponse, headers: HttpAnswer["headers"]): void => {
  for (const [name, value] of Object.entries(headers)) {
    if (name === "Vary") addVary(res, value)
    else res.setHeader(name, value)
  }
}

export const addVary = (res: NodeResponse, fields: string): void => {
  const current = res.getHeader("Vary")
  res.setHeader("Vary", varyingOn(fields, current === undefined ? undefined : [current].flat().join(", ")))
}
