/** Where a request came from, for a token's history. */
import type { Origin } from "@tokenry/core"

/**
 * A change's origin, from the client's address and its User-Agent. Drops a value that isn't an IP address, since a
 * client may forge a forwarding header, and the zone of an IPv6 address. Cuts the user agent to 200 characters. The
 * core masks any token in it.
 */
export const originFrom = (address: string | undefined, userAgent?: string): Origin => {
  const agent = (userAgent ?? "").toWellFormed().replaceAll("\0", "").slice(0, 200)
  return { ...(isAddress(address) ? { address } : {}), ...(agent === "" ? {} : { userAgent: agent }) }
}

const isAddress = (text: string | undefined): text is string => {
  if (text === undefined || text.length > longestAddress) return false
  return ipv4.test(text) || (ipv6.test(text) && URL.canParse(`http://[${text}]`))
}

/** An IPv6 address whose last 32 bits are written as IPv4. */
const longestAddress = 45
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/
const ipv6 = /^[\da-f:]*:[\da-f:.]*$/i
