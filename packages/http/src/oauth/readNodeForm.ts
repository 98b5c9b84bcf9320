/** Reads the form of a Node request, whether or not a body parser has read it already. */
import { type Form, type FormFlaw, isFormType, maxFormLength, readForm, unreadable } from "./Form.ts"

/** The part of Node's `IncomingMessage` this needs. */
export interface NodeRequest {
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly destroyed: boolean
  readonly readableDidRead: boolean
  readonly readableEnded: boolean
  readonly readableEncoding: string | null
  readonly httpVersionMajor: number
  on(event: string, listener: (value: unknown) => void): unknown
  off(event: string, listener: (value: unknown) => void): unknown
}

export interface NodeFormOptions {
  /** What a body parser left, if one ran: a string, bytes, `URLSearchParams`, or an object of fields. */
  readonly parsed: unknown
  readonly timeoutMilliseconds: number
  /**
   * Called if the body is too slow, on a connection of HTTP/1: set `Connection: close`, since the next request can't come
   * before the rest of this one.
   */
  readonly closeConnection?: (() => void) | undefined
}

/**
 * Waits no longer than the timeout and keeps no more than 16 KiB; the rest of a larger body is discarded.
 *
 * @throws Error if an earlier middleware read the body without keeping it: a mistake in the application.
 */
export const readNodeForm = async (
  request: NodeRequest,
  { parsed, timeoutMilliseconds, closeConnection }: NodeFormOptions,
): Promise<Form> => {
  if (!isFormType(headerOf(request, "content-type"))) return unreadable("NotAForm")
  if (isLeft(parsed)) return readParsed(parsed)
  if (request.readableDidRead || request.readableEnded) {
    // Parsers turn an empty body into an empty object.
    if (typeof parsed === "object" && parsed !== null) return readForm(parsed)
    throw new Error(
      "An earlier middleware read the body of this request without keeping it. Register that middleware after this endpoint",
    )
  }
  if (!["", "identity"].includes(headerOf(request, "content-encoding"))) return unreadable("NotAForm")
  if (Number(headerOf(request, "content-length")) > maxFormLength) return unreadable("TooLarge")
  const bytes = await readBytes(request, timeoutMilliseconds)
  if (bytes === "TooSlow" && request.httpVersionMajor === 1) closeConnection?.()
  return typeof bytes === "string" ? unreadable(bytes) : readForm(decoded(bytes))
}

const headerOf = ({ headers }: NodeRequest, name: string): string => {
  const value = headers[name]
  return typeof value === "string" ? value : ""
}

/** A parser that doesn't know the type leaves an empty object, and the body unread. */
const isLeft = (parsed: unknown): boolean => {
  if (typeof parsed === "string" || parsed instanceof Uint8Array || parsed instanceof URLSearchParams) return true
  return typeof parsed === "object" && parsed !== null && Object.keys(parsed).length > 0
}

const readParsed = (parsed: unknown): Form => {
  if (parsed instanceof URLSearchParams) return readForm(parsed.toString())
  return parsed instanceof Uint8Array ? readForm(decoded(parsed)) : readForm(parsed)
}

/** Any failure in a listener becomes a flaw: an exception there would end the process. */
const readBytes = (request: NodeRequest, milliseconds: number): Promise<Uint8Array | FormFlaw> =>
  new Promise((resolve) => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    const settle = (result: Uint8Array | FormFlaw) => {
      clearTimeout(timer)
      request.off("data", onData)
      request.off("end", onEnd)
      request.off("close", onCut)
      resolve(result)
    }
    const onData = (chunk: unknown) => {
      const bytes = bytesOf(chunk, request.readableEncoding)
      if (bytes === undefined) return settle("NotAForm")
      length += bytes.length
      if (length > maxFormLength) settle("TooLarge")
      else chunks.push(bytes)
    }
    const onEnd = () => settle(joined(chunks, length))
    // The client is gone, so nobody reads the response.
    const onCut = () => settle("NotAForm")
    const timer = setTimeout(() => settle("TooSlow"), milliseconds)
    if (request.destroyed) return onCut()
    request.on("data", onData)
    request.on("end", onEnd)
    request.on("close", onCut)
    request.on("error", onCut)
  })

/** A chunk is text if someone has set an encoding. */
const bytesOf = (chunk: unknown, encoding: string | null): Uint8Array | undefined => {
  if (chunk instanceof Uint8Array) return chunk
  if (typeof chunk !== "string") return undefined
  if (encoding === "latin1" || encoding === "binary") {
    return Uint8Array.from(chunk, (character) => character.charCodeAt(0))
  }
  return encoding === null || /^utf-?8$/.test(encoding) ? new TextEncoder().encode(chunk) : undefined
}

const joined = (chunks: ReadonlyArray<Uint8Array>, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

const decoded = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
