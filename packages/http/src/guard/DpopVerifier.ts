/** The port for checking DPoP proofs (RFC 9449). `Dpop.make` of `@tokenry/dpop` implements it. */
import type { OptionRule } from "@tokenry/core/adapter"
import { hasMethods } from "./hasMethods.ts"

export interface DpopVerifier {
  /** The JWS algorithms that proofs may be signed with, for challenges and metadata. */
  readonly algorithms: ReadonlyArray<string>
  /** Whether bearer tokens are refused, in any header. */
  readonly isRequired: boolean
  /** Checks everything about a proof except whether it has been used. Rejects only on a bug. */
  readonly verify: (presented: PresentedProof) => Promise<ProofVerdict>
}

/** A request as a proof must describe it. */
export interface PresentedProof {
  /** All values of the `DPoP` header. Anything but one is refused. */
  readonly proofs: ReadonlyArray<string>
  readonly method: string
  /** The request's target as received: a path with or without a query, or an absolute URL. */
  readonly target: string
  /** The token that the proof must name in `ath`. `undefined` at a token endpoint, where a proof needs no `ath`. */
  readonly accessToken: string | undefined
}

export type ProofVerdict =
  | {
      readonly valid: true
      /** The thumbprint (RFC 7638) of the key that signed the proof. */
      readonly thumbprint: string
      /** A nonce for the client's next proof, for the header `DPoP-Nonce`. */
      readonly nextNonce?: string | undefined
      /**
       * Marks the proof as used. Call it after the token is accepted. Resolves to `false` for a replay. Rejects with
       * `RepositoryUnavailable` if that can't be decided.
       */
      readonly use: () => Promise<boolean>
    }
  | ({ readonly valid: false } & ProofFlaw)

/** Why a proof is refused. */
export interface ProofFlaw {
  readonly error: DpopError
  /** For developers: printable ASCII without `"` and `\`, and nothing from the client. */
  readonly description: string
  /** The nonce that the next proof must have, for the header `DPoP-Nonce`. */
  readonly nextNonce?: string | undefined
}

/** The error codes of RFC 9449 §12.2. */
export type DpopError = "invalid_dpop_proof" | "use_dpop_nonce"

/** The header field with a nonce (RFC 9449 §8), if there is one. */
export const nonceField = ({ nextNonce }: { readonly nextNonce?: string | undefined }) =>
  nextNonce === undefined ? {} : { "DPoP-Nonce": nextNonce }

export const replayed: ProofFlaw = { error: "invalid_dpop_proof", description: "The DPoP proof has already been used" }

export const dpopRule: OptionRule = [
  (value) => hasMethods("verify")(value) && Array.isArray((value as Partial<DpopVerifier>).algorithms),
  "write dpop: Dpop.make({ … }), from @tokenry/dpop",
]
