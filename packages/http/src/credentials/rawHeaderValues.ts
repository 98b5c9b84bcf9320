/** All values of one header field in Node's `rawHeaders`, one per line as received. */

/**
 * `headers` silently keeps the first of two Authorization lines, and `headersDistinct` doesn't exist in HTTP/2.
 *
 * @param name in lower case
 */
export const rawHeaderValues = (rawHeaders: ReadonlyArray<string>, name: string): ReadonlyArray<string> => {
  let values: Array<string> | undefined
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] as string
    if (field.length === name.length && field.toLowerCase() === name) {
      ;(values ??= []).push(rawHeaders[index + 1] as string)
    }
  }
  return values ?? none
}

const none: ReadonlyArray<string> = []
