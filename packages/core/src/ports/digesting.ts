/** Turns plaintext tokens into the digests that are stored and looked up, using the key ring if there is one. */
import * as Option from "effect/Option"
import type { Hasher } from "./Hasher.ts"
import type { Digest } from "../token/Digest.ts"
import type { KeyRing } from "../token/KeyRing.ts"
import type { KeyId, Secret } from "../token/Secret.ts"

type StoredDigest = Pick<Secret, "digest" | "keyId">

export interface Digesting {
  /** SHA-256, which represents the plaintext internally. Stored as it is if there is no active key. */
  readonly sha256: (plaintext: string) => Digest
  /** What to store of a secret. */
  readonly toStore: (sha256: Digest) => StoredDigest
  /** Every digest a secret may be stored under: the active key's, each other key's, and without a key. */
  readonly candidates: (sha256: Digest) => ReadonlyArray<Digest>
  /** Whether a digest stored under this key should move to the active key. */
  readonly isOutdated: (keyId: Option.Option<KeyId>) => boolean
}

/** Each verify costs one SHA-256, and one HMAC per key of the ring. */
export const makeDigesting = (hasher: Hasher["Service"], ring: KeyRing | undefined): Digesting => {
  if (ring === undefined) {
    return {
      sha256: hasher.sha256,
      toStore: (digest) => ({ digest, keyId: Option.none() }),
      candidates: (digest) => [digest],
      isOutdated: () => false,
    }
  }
  const { active, keys } = ring
  const [activeKey] = active === null ? [] : keys
  return {
    sha256: hasher.sha256,
    toStore: (digest) =>
      activeKey === undefined
        ? { digest, keyId: Option.none() }
        : { digest: hasher.hmacSha256(activeKey, digest), keyId: Option.fromNullOr(active) },
    candidates: (digest) => [...keys.map((key) => hasher.hmacSha256(key, digest)), digest],
    isOutdated: (keyId) => active !== null && Option.getOrNull(keyId) !== active,
  }
}
