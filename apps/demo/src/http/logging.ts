/**
 * The log: one line of JSON per request, and one per server error. The only client-supplied data in a request's line is
 * the method, the IP address and the trace ID, none of which can hold a token.
 */
import { randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import { RepositoryUnavailable } from "@tokenry/core"
import { clientAddress } from "@tokenry/http"
import type Koa from "koa"
import type { DemoState } from "./authentication.ts"
import type { AttemptState } from "./signingIn.ts"
import { withoutTokens } from "./tokensInText.ts"
import type { LogLevel } from "../Configuration.ts"
import { type TraceContext, traceContextOf } from "./traceContext.ts"

export interface Log {
  /** Call it for each request before it is handled. Writes the line once the response is sent or has failed. */
  readonly watch: (request: IncomingMessage, response: ServerResponse) => void
  /** The first middleware. Adds what Koa and later middleware learn about the request to its line. */
  readonly knowing: Koa.Middleware
  /** Logs a response to bytes that weren't a valid request. */
  readonly unparsable: (status: number, address: string | undefined) => void
  /** The id is the one in the client's response, if any. */
  readonly error: (error: unknown, occurrence?: Occurrence) => void
}

interface Occurrence {
  readonly id?: string
  readonly req?: IncomingMessage | undefined
}

export interface LogOptions {
  readonly level: LogLevel
  /** Receives each line, without a trailing line break. */
  readonly write: (line: string) => void
}

interface Watched {
  readonly id: string
  readonly trace: TraceContext
  readonly begun: number
  address: string | undefined
  ctx: Koa.Context | undefined
}

export const makeLog = ({ level, write }: LogOptions): Log => {
  const watched = new WeakMap<IncomingMessage, Watched>()
  const tell = (severity: "info" | "error", event: string, fields: object) =>
    write(JSON.stringify({ time: new Date().toISOString(), level: severity, event, ...fields }))

  return {
    watch: (request, response) => {
      const begun = performance.now()
      const trace = traceContextOf(request.headers["traceparent"])
      // A closed socket no longer knows its address.
      const address = addressOf(request.socket.remoteAddress)
      const one: Watched = { id: randomUUID(), trace, begun, address, ctx: undefined }
      watched.set(request, one)
      if (level === "off") return
      response.once("close", () =>
        tell(response.statusCode >= 500 ? "error" : "info", "request", fieldsOf(one, request, response)),
      )
    },
    knowing: function knowing(ctx, next) {
      const one = watched.get(ctx.req)
      if (one !== undefined) {
        one.ctx = ctx
        one.address = addressOf(ctx.ip) ?? one.address
      }
      return next()
    },
    unparsable: (status, address) => {
      if (level !== "off") tell("info", "unparsable", { status, address: addressOf(address) })
    },
    error: (error, { id, req } = {}) => {
      const one = req && watched.get(req)
      tell("error", "error", { id, requestId: one?.id, traceId: one?.trace.traceId, error: textOf(error) })
    },
  }
}

/** A proxy can send any text here. */
const addressOf = (text: string | undefined): string | undefined => text && clientAddress(text)

/** Unknown fields are omitted: the route of an unmatched path, the status of an aborted request. */
const fieldsOf = ({ id, trace, begun, address, ctx }: Watched, request: IncomingMessage, response: ServerResponse) => {
  const { principal, caller, triedAccount } = (ctx?.state ?? {}) as Partial<DemoState> & AttemptState
  return {
    method: request.method,
    route: ctx === undefined ? undefined : routeOf(ctx),
    status: response.headersSent ? response.statusCode : undefined,
    durationMs: Math.round((performance.now() - begun) * 1000) / 1000,
    bytes: response.headersSent ? bodyLengthOf(request, response) : undefined,
    cut: response.writableFinished ? undefined : true,
    requestId: id,
    ...trace,
    via: principal?.via ?? (caller && "token"),
    ownerId: principal?.ownedBy ?? caller?.ownedBy,
    tokenId: caller?.tokenId,
    triedAccount,
    address,
  }
}

/** The route's pattern, `/api/tokens/:id`, never the path. Undefined if no route matched. */
const routeOf = (ctx: Koa.Context): string | undefined => {
  const route: unknown = ctx["_matchedRoute"]
  return typeof route === "string" && route.startsWith("/") ? route : undefined
}

const bodyLengthOf = ({ method }: IncomingMessage, response: ServerResponse): number | undefined => {
  if (method === "HEAD" || response.statusCode === 204 || response.statusCode === 304) return 0
  const length = response.getHeader("Content-Length")
  return length === undefined ? undefined : Number(length)
}

/**
 * For an outage, the operation and the kind of error, since database errors may quote stored values. For other errors,
 * the stack without properties, which may hold client data.
 */
const textOf = (error: unknown): string => {
  if (error instanceof RepositoryUnavailable) {
    return `${error.message}: ${error.cause instanceof Error ? error.cause.name : "Error"}`
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : "a value that is not an Error was thrown"
  return withoutTokens(text)
}
