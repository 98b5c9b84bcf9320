/** The URL of a proof, as it is compared: without query and fragment, normalized (RFC 9449 §4.3, RFC 3986 §6.2). */

/** `undefined` if it isn't an absolute http or https URL. */
export const normalizedUrl = (text: string): string | undefined => {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  url.search = ""
  url.hash = ""
  return url.href.replace(/%[\da-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
    return /[\w\-.~]/.test(character) ? character : encoded.toUpperCase()
  })
}

/** The URL of a request with this target (RFC 9112 §3.2), below a base without a slash at its end. */
export const requestedUrl = (base: string, target: string): string | undefined => {
  const path = target.startsWith("/") ? target : URL.parse(target)?.pathname
  // Without a slash, as in `a:.evil.test`, it would continue the base's host.
  return path?.startsWith("/") === true ? normalizedUrl(base + path) : undefined
}
