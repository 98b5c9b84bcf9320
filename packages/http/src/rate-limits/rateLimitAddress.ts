/** What of a client's address is counted: as much as one client can't change at will. */

/**
 * An IPv4 address as it is; of an IPv6 address the first 64 bits, since the others are for the host to choose (RFC 4291
 * §2.5.1). An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) is IPv4. Whatever else comes stays, but for what is
 * longer than an address can be.
 */
export const rateLimitAddress = (address: string): string => {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? []
  if (mapped !== undefined) return mapped
  const canonical = address.includes(":") ? URL.parse(`http://[${address}]`)?.hostname : undefined
  return canonical === undefined ? address.slice(0, maxAddressLength) : networkOf(canonical.slice(1, -1))
}

/** Of an IPv6 address with a zone, give or take. */
const maxAddressLength = 64

/** The first four of the eight groups, of an address in which `::` may stand for some that are zero. */
const networkOf = (canonical: string): string => {
  const [head = "", tail] = canonical.split("::")
  const first = head === "" ? [] : head.split(":")
  const last = tail ? tail.split(":") : []
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => "0")
  return `${[...first, ...zeros, ...last].slice(0, 4).join(":")}::/64`
}
