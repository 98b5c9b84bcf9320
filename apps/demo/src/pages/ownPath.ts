/** Addresses of this site's own pages, for redirects: never another site's, and never with a token in them. */
import { mayHoldToken } from "../http/tokensInText.ts"

/** Where to go after signing in: a page below `/settings/` of this very site, or else the list of tokens. */
export const ownPath = (publicUrl: string, wanted: string | undefined): string => {
  const url = wanted === undefined || mayHoldToken(wanted) ? null : URL.parse(wanted, publicUrl)
  const isOwn = url !== null && url.origin === new URL(publicUrl).origin && url.pathname.startsWith("/settings/")
  return isOwn ? url.pathname + url.search : "/settings/tokens"
}
