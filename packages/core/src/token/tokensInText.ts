/** Finds plaintext tokens in text where they don't belong: a name, a reason, a user agent. */
import type { TokenFormat } from "./TokenFormat.ts"

/** Whether the text contains a token of one of these formats, even inside a longer word. */
export const holdsToken = (formats: ReadonlyArray<TokenFormat>, text: string): boolean =>
  formats.some((format) => nextToken(format, text, 0) >= 0)

/** The text with each token of these formats replaced by `…`. */
export const maskTokens = (formats: ReadonlyArray<TokenFormat>, text: string): string =>
  formats.reduce(maskTokensOf, text)

const maskTokensOf = (text: string, format: TokenFormat): string => {
  let masked = ""
  let end = 0
  for (let start = nextToken(format, text, 0); start >= 0; start = nextToken(format, text, end)) {
    masked += `${text.slice(end, start)}…`
    end = start + format.length
  }
  return masked + text.slice(end)
}

/** The index of the next token; -1 if there is none. Searches for the prefix, so text without one is cheap. */
const nextToken = (format: TokenFormat, text: string, from: number): number => {
  const prefix = `${format.prefix}_`
  let start = text.indexOf(prefix, from)
  while (start >= 0 && format.flawOf(text.slice(start, start + format.length)) !== undefined) {
    start = text.indexOf(prefix, start + 1)
  }
  return start
}
