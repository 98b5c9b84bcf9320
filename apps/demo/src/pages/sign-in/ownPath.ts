/** Paths of this site's own pages, for redirects. Never another site's, and never containing a token. */
import { mayHoldToken } from "../../http/tokensInText.ts"

/** Where to go after signing in: a page of this site below `/settings/`, otherwise the list of tokens. */
export const ownPath = (publicUrl: string, wanted: string | undefined): string => {
  const url = wanted === undefined || mayHoldToken(wanted) ? null : URL.parse(wanted, publicUrl)
  const isOwn = url !== null && url.origin === new URL(publicUrl).origin && url.pathname.startsWith("/settings/")
  return isOwn ? url.pathname + url.search : "/settings/tokens"
}
