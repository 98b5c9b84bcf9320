/**
 * The log: a line of JSON for each request, and one for each error of the server's own. Of what a client
 * writes, a request's line holds the method, its address and its trace, which have no room for a token, and nothing else.
 */
import { randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import { RepositoryUnavailable } from "@tokenry/core"
import { clientAddress } from "@tokenry/http"
import type Koa from "koa"
import type { DemoState } from "./authentication.ts"
import type { AttemptState } from "./signingIn.ts"
import { withoutTokens } from "./tokensInText.ts"
import { type TraceContext, traceContextOf } from "./traceContext.ts"

/** `off`: no lines of requests. Errors are told in any case. */
export type LogLevel = "info" | "off"

export interface Log {
  /** To be told of each request before it is handled; its line is written when its answer is sent, or can't be any more. */
  readonly watch: (request: IncomingMessage, response: ServerResponse) => void
  /** The first middleware: what Koa and those after it find out about a request is in its line. */
  readonly knowing: Koa.Middleware
  /** Bytes that were no request have been answered. */
  readonly unparsable: (status: number, address: string | undefined) => void
  /** The id is the one that the client's answer has, if it has one. */
  readonly error: (error: unknown, occurrence?: Occurrence) => void
}

interface Occurrence {
  readonly id?: string
  readonly req?: IncomingMessage | undefined
}

export interface LogOptions {
  readonly level: LogLevel
  /** Takes each line, which ends without a line break. */
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
      // A socket that is closed does not know any more whose it was.
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

/** A proxy may write any text there. */
const addressOf = (text: string | undefined): string | undefined => text && clientAddress(text)

/** Absent is what is not known: the route of a path that has none, the status of a request that was given up. */
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

/** The pattern, `/api/tokens/:id`, and never the path. What a router answers before its routes has none. */
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
 * Of an outage the operation and the kind of error, since errors of databases may quote what was to be stored; of others
 * the stack and none of their properties, which may hold what the client sent.
 */
const textOf = (error: unknown): string => {
  if (error instanceof RepositoryUnavailable) {
    return `${error.message}: ${error.cause instanceof Error ? error.cause.name : "Error"}`
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : "something that is no error was thrown"
  return withoutTokens(text)
}
