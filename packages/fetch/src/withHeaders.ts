/** Sets headers on a response, even an immutable one. */
import { varyingOn } from "@tokenry/http"

/** The response with these headers, and `Vary` added to the current value. Returns the same object if possible. */
export const withHeaders = (response: Response, headers: Readonly<Record<string, string>>): Response => {
  // A response with status 101 and `Response.error()` can't be copied.
  if (response.status < 200) return response
  try {
    setAll(response, headers)
    return response
  } catch {
    // Responses returned by `fetch` have immutable headers.
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
