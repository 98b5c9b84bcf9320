/** The tokens a token was minted with, and those minted with it. */
import type { OwnerId, TokenId } from "@tokenry/core/adapter"
import { TokenNotFound } from "@tokenry/core"
import type { TokenDetails } from "@tokenry/core/promise"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Services } from "../../Services.ts"
import { type Html, html } from "../parts/html.ts"
import { linkTo } from "./tokenMarks.ts"

type Relative = Pick<TokenDetails, "id" | "name"> & { readonly isRevoked: boolean }

export interface Lineage {
  /** Outermost first. Omits purged tokens. */
  readonly ancestors: ReadonlyArray<Relative>
  /** Newest first, limited to what fits on a page. */
  readonly descendants: ReadonlyArray<Relative>
  readonly hasMore: boolean
}

const shownAtMost = 50

/** One lookup per ancestor, at most eight, and one for all descendants. */
export const lineageOf = async (
  { store, tokens }: Services,
  { id, ownedBy, ancestors }: TokenDetails,
): Promise<Lineage> => {
  const find = (ancestor: string) =>
    tokens.find({ id: ancestor, ownedBy }).catch((error: unknown) => {
      if (error instanceof TokenNotFound) return undefined
      throw error
    })
  const descending = store.tokenRepository.listOwnedBy({
    ownedBy: ownedBy as OwnerId,
    lineageOf: id as TokenId,
    state: "any",
    now: DateTime.fromDateUnsafe(new Date()),
    after: Option.none(),
    limit: shownAtMost + 2,
  })
  const [found, all] = await Promise.all([Promise.all(ancestors.map(find)), Effect.runPromise(descending)])
  const minted = all.filter((token) => token.id !== id)
  return {
    ancestors: found
      .flatMap((token) => token ?? [])
      .map((token) => ({ ...token, isRevoked: token.revokedAt !== null })),
    descendants: minted
      .slice(0, shownAtMost)
      .map(({ id, name, revocation }) => ({ id, name, isRevoked: Option.isSome(revocation) })),
    hasMore: minted.length > shownAtMost,
  }
}

export const descendantsOf = ({ descendants, hasMore }: Lineage, titleOf: (token: Relative) => Html = linkTo): Html =>
  html`<ul>
    ${descendants.map((token) => relative(token, titleOf))}${hasMore && html`<li>and others</li>`}
  </ul>`

export const lineageSection = (lineage: Lineage): Html | undefined => {
  const { ancestors, descendants } = lineage
  if (ancestors.length === 0 && descendants.length === 0) return undefined
  return html`<section aria-labelledby="lineage">
    <h2 id="lineage">Lineage</h2>
    ${
      ancestors.length > 0 &&
      html`<p>
          Minted with these tokens, the outermost first. It can't exceed any of them. Revoking one revokes this token
          too.
        </p>
        <ol>
          ${ancestors.map((token) => relative(token, linkTo))}
        </ol>`
    }
    ${
      descendants.length > 0 &&
      html`<p>Minted with this token. Revoking it revokes them too.</p>
        ${descendantsOf(lineage)}`
    }
  </section>`
}

const relative = (token: Relative, titleOf: (token: Relative) => Html): Html =>
  html`<li>${titleOf(token)}${token.isRevoked && " (revoked)"}</li>`
