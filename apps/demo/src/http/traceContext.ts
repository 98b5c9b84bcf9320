/** The trace a request belongs to, following W3C Trace Context. */
import { randomBytes } from "node:crypto"

export interface TraceContext {
  /** 32 hex digits: the caller's trace, or a new one. */
  readonly traceId: string
  /** 16 hex digits: this request's own span. */
  readonly spanId: string
  /** The caller's span; `undefined` if the trace begins here. */
  readonly parentId: string | undefined
}

/**
 * From a `traceparent` field (§3.2.2). A malformed or repeated field is ignored; from a later version only version 00's
 * fields are read (§3.2.4).
 */
export const traceContextOf = (field: unknown): TraceContext => {
  const spanId = randomBytes(8).toString("hex")
  const [, version, traceId = "", parentId = "", rest] = traceparent.exec(typeof field === "string" ? field : "") ?? []
  const isReadable = version !== undefined && version !== "ff" && (version !== "00" || rest === undefined)
  return isReadable && !isZero(traceId) && !isZero(parentId)
    ? { traceId, spanId, parentId }
    : { traceId: randomBytes(16).toString("hex"), spanId, parentId: undefined }
}

const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/

const isZero = (id: string): boolean => /^0*$/.test(id)
