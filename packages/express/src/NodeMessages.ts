/** The requests and responses this package uses: those of node:http, plus what Express adds. */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Caller } from "@tokenry/core/promise"
import { type GuardedRequest, guardedRequest, type HttpAnswer, rawHeaderValues, varyingOn } from "@tokenry/http"

/** A node:http request; Express and NestJS requests are compatible. */
export interface NodeRequest extends IncomingMessage {
  /** The caller, once a guard has admitted the request. */
  caller?: Caller | undefined
  /** The body, if a body parser has read it. */
  body?: unknown
  /** The target before Express stripped the path that a router is mounted at. */
  originalUrl?: string | undefined
  /** The client's address according to Express, which honours `trust proxy`. */
  ip?: string | undefined
}

export type NodeResponse = ServerResponse

/** Passes the request on, or an error to the error handlers. */
export type Next = (error?: unknown) => void

/** Middleware for Express 4 and 5, and anything else that calls `(req, res, next)`. */
export type Middleware = (req: NodeRequest, res: NodeResponse, next: Next) => Promise<void>

/** The default of every `onError`. */
export const printError = (error: unknown): void => console.error(error)

export const addressOf = ({ ip, socket }: NodeRequest): string | undefined => ip ?? socket.remoteAddress

export const guardedRequestOf = (req: NodeRequest): GuardedRequest =>
  guardedRequest(
    req.method,
    () => req.originalUrl ?? req.url,
    (name) => rawHeaderValues(req.rawHeaders, name),
    () => addressOf(req),
  )

/**
 * Sends the response: its status and body, its headers (replacing those of the same name), and its `Vary` in addition
 * to the current one. Other headers stay.
 */
export const writeAnswer = (res: NodeResponse, { status, headers, body }: HttpAnswer): void => {
  res.statusCode = status
  setHeaders(res, headers)
  // Uses `end`, because Express' `send` would add an ETag and a charset.
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
