/** The port for one-way hashing. */
import { Context } from "effect"
import type { Digest } from "../token/Digest.ts"

export class Hasher extends Context.Service<
  Hasher,
  {
    /** SHA-256 (FIPS 180-4) of the string's UTF-8 bytes. Pure and synchronous; it is called once for each verify. */
    readonly sha256: (text: string) => Digest
  }
>()("@tokenry/core/Hasher") {}
