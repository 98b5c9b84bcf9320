/** The port for randomness that nobody can predict. */
import { Context } from "effect"

export class SecureRandom extends Context.Service<
  SecureRandom,
  {
    /**
     * `count` bytes from a cryptographically secure source, uniformly distributed and independent of all that were
     * returned before. Never fewer; a source that has failed throws, which ends the use case as a defect.
     */
    readonly bytes: (count: number) => Uint8Array
  }
>()("@tokenry/core/SecureRandom") {}
