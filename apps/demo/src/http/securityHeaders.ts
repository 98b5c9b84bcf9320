/** Header fields of every response. */

const yearSeconds = 365 * 24 * 60 * 60

/**
 * - `X-Content-Type-Options`: browsers trust the declared content type.
 * - `Strict-Transport-Security`, if the public URL is https: browsers only use https for a year (RFC 6797).
 * - `Cross-Origin-Opener-Policy`, for potentially trustworthy origins: elsewhere browsers ignore it with a warning.
 */
export const securityHeadersOf = (publicUrl: string): Readonly<Record<string, string>> => ({
  "X-Content-Type-Options": "nosniff",
  ...(publicUrl.startsWith("https:") && { "Strict-Transport-Security": `max-age=${yearSeconds}` }),
  ...(isTrustworthy(publicUrl) && { "Cross-Origin-Opener-Policy": "same-origin" }),
})

/** Follows https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy: https, or this machine. */
const isTrustworthy = (publicUrl: string): boolean => {
  const { protocol, hostname } = new URL(publicUrl)
  return protocol === "https:" || isLoopback(hostname)
}

/** Whether a host name or address, as written in a URL or in `HOST`, refers to this machine. */
export const isLoopback = (hostname: string): boolean =>
  /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname)
