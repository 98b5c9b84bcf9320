/** The port for one-way hashing. Pure and synchronous; called for every verify. */
import * as Context from "effect/Context"
import type { Digest } from "../token/Digest.ts"

export class Hasher extends Context.Service<
  Hasher,
  {
    /** SHA-256 (FIPS 180-4) of the string's UTF-8 bytes. */
    readonly sha256: (text: string) => Digest

    /** HMAC-SHA-256 (RFC 2104, FIPS 198-1) of the digest's 32 bytes. */
    readonly hmacSha256: (key: Uint8Array, digest: Digest) => Digest
  }
>()("@tokenry/core/Hasher") {}
