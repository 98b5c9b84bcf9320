/** Reads a client's IP address in the notations that sockets and proxies write. */
import ipaddr from "ipaddr.js"

/**
 * The address in its canonical notation (RFC 5952); `undefined` if the text isn't an IP address. Drops a port
 * (`203.0.113.7:50000`, `[2001:db8::1]:443`) and a zone (`fe80::1%eth0`), which a client or a proxy chooses freely, and
 * reads an IPv4 address mapped to IPv6 (`::ffff:192.0.2.1`, `::ffff:c000:201`) as IPv4.
 */
export const clientAddress = (text: string): string | undefined => parsedAddress(text)?.toString()

/** The same, parsed. */
export const parsedAddress = (text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined => {
  if (text.length > longestText) return undefined
  const [, bracketed, dotted] = withPort.exec(text) ?? []
  const [address = ""] = (bracketed ?? dotted ?? text).split("%")
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return ipaddr.IPv4.parse(address)
  return address.includes(":") && ipaddr.IPv6.isValid(address) ? ipaddr.process(address) : undefined
}

/** An IPv6 address with a zone and a port is shorter. */
const longestText = 100

/** `[2001:db8::1]`, `[2001:db8::1]:443` or `203.0.113.7:50000`. */
const withPort = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/
