/** Reads the form of a Node request, whether a body parser has read it already or nobody has. */
import { isFormType, readTokenForm, type TokenForm, type TokenFormFlaw } from "./TokenForm.ts"

/** What is needed of Node's `IncomingMessage`. */
export interface NodeRequest {
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly destroyed: boolean
  readonly readableDidRead: boolean
  readonly readableEnded: boolean
  readonly readableEncoding: string | null
  on(event: string, listener: (value: unknown) => void): unknown
  off(event: string, listener: (value: unknown) => void): unknown
}

export interface NodeFormOptions {
  /** What a body parser has left, if one has run: a string, bytes, `URLSearchParams`, or an object of fields. */
  readonly parsed: unknown
  readonly timeoutMilliseconds: number
}

/** In bytes. A form with a token has a few hundred. */
const maxLength = 16 * 1024

/**
 * Waits no longer than the timeout and keeps no more than 16 KiB; the rest of a larger body is dropped as it comes. After
 * a body that is too slow (`TooSlow`), end the connection.
 *
 * @throws Error if an earlier middleware has read the body and left it nowhere: that is a mistake in the application.
 */
export const readNodeForm = async (
  request: NodeRequest,
  { parsed, timeoutMilliseconds }: NodeFormOptions,
): Promise<TokenForm> => {
  if (!isFormType(headerOf(request, "content-type"))) return invalid("NotAForm")
  if (isLeft(parsed)) return readTokenForm(textOfParsed(parsed))
  if (request.readableDidRead || request.readableEnded) {
    // What a parser leaves of a form without fields.
    if (typeof parsed === "object" && parsed !== null) return readTokenForm(parsed)
    throw new Error("The body of this request was read by an earlier middleware, which left it nowhere; put that later")
  }
  if (!["", "identity"].includes(headerOf(request, "content-encoding"))) return invalid("NotAForm")
  if (Number(headerOf(request, "content-length")) > maxLength) return invalid("TooLarge")
  const bytes = await readBytes(request, timeoutMilliseconds)
  const text = typeof bytes === "string" ? undefined : decoded(bytes)
  if (typeof bytes === "string") return invalid(bytes)
  return text === undefined ? invalid("NotAForm") : readTokenForm(text)
}

const headerOf = ({ headers }: NodeRequest, name: string): string => {
  const value = headers[name]
  return typeof value === "string" ? value : ""
}

/** A parser that doesn't know the type leaves an empty object, and the body where it was. */
const isLeft = (parsed: unknown): boolean => {
  if (typeof parsed === "string" || parsed instanceof Uint8Array || parsed instanceof URLSearchParams) return true
  return typeof parsed === "object" && parsed !== null && Object.keys(parsed).length > 0
}

const textOfParsed = (parsed: unknown): unknown => {
  if (parsed instanceof Uint8Array) return parsed.length > maxLength ? undefined : decoded(parsed)
  return parsed instanceof URLSearchParams ? parsed.toString() : parsed
}

/** Whatever goes wrong in a listener becomes a flaw: an exception there would end the process. */
const readBytes = (request: NodeRequest, milliseconds: number): Promise<Uint8Array | TokenFormFlaw> =>
  new Promise((resolve) => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    const settle = (result: Uint8Array | TokenFormFlaw) => {
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
      if (length > maxLength) settle("TooLarge")
      else chunks.push(bytes)
    }
    const onEnd = () => settle(joined(chunks, length))
    // Nobody reads the answer to half a request.
    const onCut = () => settle("NotAForm")
    const timer = setTimeout(() => settle("TooSlow"), milliseconds)
    if (request.destroyed) return onCut()
    request.on("data", onData)
    request.on("end", onEnd)
    request.on("close", onCut)
    request.on("error", onCut)
  })

/** A chunk is text if somebody has set an encoding. */
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

const invalid = (flaw: TokenFormFlaw): TokenForm => ({ _tag: "Invalid", flaw })
