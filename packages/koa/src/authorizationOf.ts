/** All values of a request's Authorization field, each as it came in. */
import type { IncomingMessage } from "node:http"

/**
 * From `rawHeaders`, because `headers` silently keeps the first of two Authorization headers. `headersDistinct` keeps
 * both as well, but sorts all the other headers too, and does not exist in HTTP/2.
 */
export const authorizationOf = ({ rawHeaders }: Pick<IncomingMessage, "rawHeaders">): ReadonlyArray<string> => {
  const values: Array<string> = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (name.length === fieldName.length && name.toLowerCase() === fieldName) {
      values.push(rawHeaders[index + 1] as string)
    }
  }
  return values
}

const fieldName = "authorization"
