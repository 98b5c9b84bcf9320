/** Says to caches what they have to know of a response to an authenticated request. */
import { type PresentedCredentials, privateCacheControl } from "@tokenry/http"

type SentIn = (PresentedCredentials & { readonly _tag: "Bearer" })["sentIn"]

/**
 * The response, varying on Authorization in addition to what it varies on (RFC 9110 §12.5.5), and private if the token
 * came in the query (RFC 6750 §2.3). The same object where its headers can be changed.
 */
export const withCachingRules = (response: Response, sentIn: SentIn): Response => {
  const vary = varyingOnAuthorization(response.headers.get("Vary"))
  return withHeaders(response, {
    ...(vary === undefined ? {} : { Vary: vary }),
    ...(sentIn === "query" ? { "Cache-Control": privateCacheControl(response.headers.get("Cache-Control")) } : {}),
  })
}

/** `undefined` if it does already. */
const varyingOnAuthorization = (current: string | null): string | undefined => {
  if (current === null || current.trim() === "") return "Authorization"
  const names = current.split(",").map((name) => name.trim().toLowerCase())
  return names.includes("*") || names.includes("authorization") ? undefined : `${current}, Authorization`
}

/** Of what `fetch` gave, headers can't be changed; of an upgraded connection (101) and `Response.error()`, there is no copy. */
const withHeaders = (response: Response, headers: Readonly<Record<string, string>>): Response => {
  if (response.status < 200) return response
  try {
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
    return response
  } catch {
    const copy = new Response(response.body, response)
    for (const [name, value] of Object.entries(headers)) copy.headers.set(name, value)
    return copy
  }
}
