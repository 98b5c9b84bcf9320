/** Verifies tokens issued with `first-key`, which their first use binds to the client's key. */
import * as Effect from "effect/Effect"
import type { RepositoryUnavailable } from "../errors.ts"
import type { KeyThumbprint } from "../token/KeyBinding.ts"
import type { TokenId } from "../token/TokenId.ts"
import { type Deciding, isVerdict, type Verdict, type Verifier } from "./verifying.ts"

/** Binds the token, unless it is bound already. Every later lookup sees the outcome. */
export type BindFirstKey = (id: TokenId, key: KeyThumbprint) => Effect.Effect<void, RepositoryUnavailable>

/**
 * Adds these tokens to a verifier. A first use binds the token and then verifies it again: another client may have been
 * first, or the token may have been revoked in between.
 */
export const bindingFirstKey =
  <C>(verifier: Verifier<C>, bind: BindFirstKey): Verifier<C> =>
  (presented, required, now, provenKey) => {
    const deciding = verifier(presented, required, now, provenKey)
    if (provenKey === undefined || provenKey === "unchecked") return deciding
    const settle = (verdict: Verdict<C>): Deciding<C> =>
      verdict.accepted || verdict.refusal._tag !== "WrongKey" || verdict.refusal.flaw !== "NotYetBound"
        ? verdict
        : Effect.flatMap(bind(verdict.refusal.tokenId, provenKey), () =>
            effectOf(verifier(presented, required, now, provenKey)),
          )
    return isVerdict(deciding) ? settle(deciding) : Effect.flatMap(deciding, (verdict) => effectOf(settle(verdict)))
  }

const effectOf = <C>(deciding: Deciding<C>) => (isVerdict(deciding) ? Effect.succeed(deciding) : deciding)
