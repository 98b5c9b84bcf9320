/** A token's contents, as plain values that assertions can compare and print. */
import type { ApiToken } from "@tokenry/core"
import type { Digest, Secret, VerifiableSecret, VerifiableToken } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Hash from "effect/Hash"
import * as Option from "effect/Option"

/** The seven fields verifying needs, and none that a store may have added. */
export const verifiableContentsOf = (token: VerifiableToken) => ({
  id: token.id,
  ownedBy: token.ownedBy,
  scopes: [...token.scopes],
  expiresAt: instantOf(token.expiresAt),
  revocation: Option.getOrNull(
    Option.map(token.revocation, ({ at, reason }) => ({ at: DateTime.formatIso(at), reason })),
  ),
  ancestors: [...token.ancestors],
  boundTo: Option.getOrNull(token.boundTo),
})

export const contentsOf = (token: ApiToken) => ({
  ...verifiableContentsOf(token),
  name: token.name,
  createdAt: DateTime.formatIso(token.createdAt),
  issuedTo: Option.getOrNull(token.issuedTo),
  secrets: token.secrets.map(secretContentsOf),
  history: token.history.map(({ kind, at, actor, origin, detail }) => ({
    kind,
    at: DateTime.formatIso(at),
    actor: { ...actor },
    origin: { ...origin },
    detail: Option.getOrNull(detail),
  })),
  undelivered: token.undelivered,
  revision: token.revision,
})

export const verifiableSecretContentsOf = ({ digest, generation, keyId, state }: VerifiableSecret) => ({
  digest: fingerprintOf(digest),
  generation,
  keyId: Option.getOrNull(keyId),
  state: stateContentsOf(state),
})

const secretContentsOf = (secret: Secret) => ({ ...verifiableSecretContentsOf(secret), hint: secret.hint })

const stateContentsOf = (state: Secret["state"]) => {
  switch (state._tag) {
    case "Active":
      return "active"
    case "Retiring":
      return `retiring until ${DateTime.formatIso(state.until)}`
    case "Retired":
      return `retired at ${DateTime.formatIso(state.at)}`
  }
}

/** Identifies digests without revealing them. */
const fingerprintOf = (digest: Digest): string => `digest ${Hash.string(digest.hex)} of ${digest.hex.length} digits`

const instantOf = (instant: Option.Option<DateTime.Utc>) => Option.getOrNull(Option.map(instant, DateTime.formatIso))
