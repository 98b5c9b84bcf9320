/** Which response headers survive when an error replaces the response. */
import type { ServerResponse } from "node:http"
import type { ParameterizedContext } from "koa"

/**
 * Removes headers that describe or cache the discarded body, and cookies of the failed request. Keeps those that tell
 * the client how to proceed (`WWW-Authenticate`, `Allow`, `Vary`, `Retry-After`), let a browser read the response
 * (CORS) or protect it.
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

/** Sets the error's headers, except illegal ones and those of the body, which isn't the error's. */
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
      // An illegal header must not prevent the response.
    }
  }
}
