/** Keeps tokens out of what is stored, logged or put into an address: clients paste them into the oddest places. */

/** The text with `tcp_…` in the place of everything that may be a token of the demo, or a part of one. */
export const withoutTokens = (text: string): string => text.replace(/tcp_\w+/gi, "tcp_…")

/** Whether an address, percent-encoded or not, may hold a token. */
export const mayHoldToken = (address: string): boolean => /tcp_\w/i.test(`${address} ${decoded(address)}`)

const decoded = (address: string): string => {
  try {
    return decodeURIComponent(address)
  } catch {
    return ""
  }
}
