/** Reads the form of a request, whether a body parser has done that already or nobody has. */
import type { IncomingMessage } from "node:http"
import { isFormType, readTokenForm, type TokenForm, type TokenFormFlaw } from "@tokenry/http"
import type { Context } from "koa"

/** Bytes. A form with a token has some hundred. */
const maxLength = 16 * 1024

/** What body parsers leave behind, in Koa's request or in Node's. */
interface Parsed {
  readonly body?: unknown
}

/**
 * Waits no longer than it is told, and keeps no more than 16 KiB. After a body that is too large the rest is dropped as it
 * comes; after one that is too slow the connection ends. A body that was read before and left nowhere is no form.
 */
export const readForm = async (ctx: Context, timeoutMilliseconds: number): Promise<TokenForm> => {
  if (!isFormType(ctx.get("Content-Type"))) return invalid("NotAForm")
  const parsed = (ctx.request as Parsed).body ?? (ctx.req as Parsed).body
  if (isEmpty(parsed) && isUnread(ctx.req)) {
    const body = await readBody(ctx, timeoutMilliseconds)
    return typeof body === "string" ? readTokenForm(body) : invalid(body.flaw)
  }
  return readTokenForm(parsed)
}

/** A parser that does not know the type leaves an empty object, and the body where it was. */
const isEmpty = (parsed: unknown): boolean =>
  parsed === undefined || (typeof parsed === "object" && parsed !== null && Object.keys(parsed).length === 0)

const isUnread = (req: IncomingMessage): boolean => !req.readableDidRead && !req.readableEnded

interface Flawed {
  readonly flaw: TokenFormFlaw
}

const readBody = async (ctx: Context, timeoutMilliseconds: number): Promise<string | Flawed> => {
  const { req } = ctx
  if (!["", "identity"].includes(ctx.get("Content-Encoding"))) return { flaw: "NotAForm" }
  if (Number(ctx.get("Content-Length")) > maxLength) return { flaw: "TooLarge" }
  const bytes = await readBytes(req, timeoutMilliseconds)
  if (bytes === "TooSlow" && req.httpVersionMajor === 1) ctx.set("Connection", "close")
  return typeof bytes === "string" ? { flaw: bytes } : textOf(bytes)
}

const readBytes = (req: IncomingMessage, milliseconds: number): Promise<Buffer | TokenFormFlaw> =>
  new Promise((resolve) => {
    const chunks: Array<Buffer> = []
    let length = 0
    const settle = (result: Buffer | TokenFormFlaw) => {
      clearTimeout(timer)
      req.off("data", onData).off("end", onEnd).off("close", onCut)
      resolve(result)
    }
    const onData = (chunk: Buffer) => {
      length += chunk.length
      if (length > maxLength) settle("TooLarge")
      else chunks.push(chunk)
    }
    const onEnd = () => settle(Buffer.concat(chunks))
    // Nobody reads the answer to half a request.
    const onCut = () => settle("NotAForm")
    const timer = setTimeout(() => settle("TooSlow"), milliseconds)
    if (req.destroyed) onCut()
    else req.on("data", onData).on("end", onEnd).on("close", onCut)
  })

const textOf = (bytes: Buffer): string | Flawed => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return { flaw: "NotAForm" }
  }
}

const invalid = (flaw: TokenFormFlaw): TokenForm => ({ _tag: "Invalid", flaw })
