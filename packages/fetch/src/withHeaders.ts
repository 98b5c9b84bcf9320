/** Sets headers on a response, also on one whose headers can't be changed. */
import { varyingOn } from "@tokenry/http"

/** The response with these headers; `Vary` is added to what it varies on already. The same object where that is possible. */
export const withHeaders = (response: Response, headers: Readonly<Record<string, string>>): Response => {
  // Of an upgraded connection (101) and `Response.error()` there is no copy.
  if (response.status < 200) return response
  try {
    setAll(response, headers)
    return response
  } catch {
    // What `fetch` returned has headers that can't be changed.
    const copy = new Response(response.body, response)
    setAll(copy, headers)
    return copy
  }
}

const setAll = (response: Response, headers: Readonly<Record<string, string>>): void => {
  for (const [name, value] of Object.entries(headers)) {
    response.headers.set(name, name === "Vary" ? varyingOn(value, response.headers.get("Vary")) : value)
  }
}
