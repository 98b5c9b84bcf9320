/** Builds the challenge of RFC 9449 §7.1, for clients that send DPoP proofs. */
import type { DpopError } from "../guard/DpopVerifier.ts"
import { type BearerChallenge, challengeParameters } from "./bearerChallenge.ts"

export interface DpopChallenge extends Omit<BearerChallenge, "error"> {
  readonly error?: BearerChallenge["error"] | DpopError | undefined
  /** The JWS algorithms that proofs may be signed with, at least one. */
  readonly algorithms: ReadonlyArray<string>
}

/** The challenge: `DPoP realm="treasures", algs="ES256"`. Otherwise like `bearerChallenge`. */
export const dpopChallenge = ({ algorithms, ...challenge }: DpopChallenge): string =>
  `DPoP ${challengeParameters(challenge)}, algs="${algorithms.join(" ")}"`
