/** Which headers of a response outlive the error that takes its place. */
import type { ServerResponse } from "node:http"
import type { ParameterizedContext } from "koa"

/**
 * Removes the headers that describe or store the body that will not be sent, and cookies of what did not succeed. What
 * says how to go on (`WWW-Authenticate`, `Allow`, `Vary`, `Retry-After`), lets a browser read the answer (CORS) or
 * protects it stays.
 */
export const dropHeadersOfAbandonedBody = (res: Pick<ServerResponse, "getHeaderNames" | "removeHeader">): void => {
  for (const name of res.getHeaderNames()) if (describesBody(name)) res.removeHeader(name)
}

const describesBody = (name: string): boolean =>
  (name.startsWith("content-") && !name.startsWith("content-security-policy")) || others.has(name)

const others: ReadonlySet<string> = new Set([
  "accept-ranges",
  "age",
  "cache-control",
  "etag",
  "expires",
  "last-modified",
  "location",
  "set-cookie",
  "trailer",
  "transfer-encoding",
])

/** Sets the headers that an error brings, but for those of the body, which is not the error's, and illegal ones. */
export const setHeaders = (
  ctx: Pick<ParameterizedContext, "set" | "vary">,
  headers: ReadonlyArray<readonly [name: string, value: unknown]>,
): void => {
  for (const [name, value] of headers) {
    const lowerCase = name.toLowerCase()
    if (lowerCase.startsWith("content-") || lowerCase === "transfer-encoding") continue
    try {
      if (lowerCase === "vary") ctx.vary(String(value))
      else ctx.set(name, Array.isArray(value) ? value.map(String) : String(value))
    } catch {
      // An error's header that HTTP does not allow is no reason to keep the answer back.
    }
  }
}
