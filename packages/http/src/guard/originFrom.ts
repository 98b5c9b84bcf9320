/** Where a request came from, for a token's history. */
import type { Origin } from "@tokenry/core"

/**
 * The origin of a change, from the client's address and its User-Agent field. A value that isn't an IP address, which a
 * client may write into a forwarding header, is left out, and so is the zone of an IPv6 address with it. The user agent
 * is cut to 200 characters; the core masks a token that a client has put into it.
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
