/** Header fields that every response has, whatever answers the request. */

const yearSeconds = 365 * 24 * 60 * 60

/**
 * - `X-Content-Type-Options`: browsers take each response for what its type says.
 * - `Strict-Transport-Security`, if the public URL is https: browsers come back by https alone, for a year (RFC 6797).
 * - `Cross-Origin-Opener-Policy`, where the origin is potentially trustworthy: elsewhere browsers ignore it, and complain.
 */
export const securityHeadersOf = (publicUrl: string): Readonly<Record<string, string>> => ({
  "X-Content-Type-Options": "nosniff",
  ...(publicUrl.startsWith("https:") && { "Strict-Transport-Security": `max-age=${yearSeconds}` }),
  ...(isTrustworthy(publicUrl) && { "Cross-Origin-Opener-Policy": "same-origin" }),
})

/** As https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy says: https, or this very machine. */
const isTrustworthy = (publicUrl: string): boolean => {
  const { protocol, hostname } = new URL(publicUrl)
  return protocol === "https:" || isLoopback(hostname)
}

/** Whether a host name or an address, as it stands in a URL or in `HOST`, means this very machine. */
export const isLoopback = (hostname: string): boolean =>
  /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(hostname)
