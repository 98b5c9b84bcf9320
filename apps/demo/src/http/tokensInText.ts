/** Keeps tokens out of stored data, logs and URLs: clients paste them into the oddest places. */

/** The text with anything that may be a token of the demo, or part of one, replaced by `tcp_…`. */
export const withoutTokens = (text: string): string => text.replace(/tcp_\w+/gi, "tcp_…")

/** Whether a URL, percent-encoded or not, may contain a token. */
export const mayHoldToken = (address: string): boolean => /tcp_\w/i.test(`${address} ${decoded(address)}`)

const decoded = (address: string): string => {
  try {
    return decodeURIComponent(address)
  } catch {
    return ""
  }
}
