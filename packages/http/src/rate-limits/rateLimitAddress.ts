/** The part of a client's address that its requests are counted under: what one client can't easily change. */
import { parsedAddress } from "./clientAddress.ts"

/**
 * An IPv4 address, or the /64 network of an IPv6 address, whose other half a host chooses by itself (RFC 4291 §2.5.1).
 * Reads what `clientAddress` reads. Text that isn't an address is counted as it is, up to 64 characters.
 */
export const rateLimitAddress = (text: string): string => {
  const address = parsedAddress(text)
  if (address === undefined) return text.slice(0, longestKey)
  return "octets" in address ? address.toString() : `${address.parts.slice(0, 4).map(hex).join(":")}::/64`
}

const longestKey = 64

const hex = (part: number): string => part.toString(16)
