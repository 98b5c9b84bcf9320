/** The port for unpredictable randomness. */
import * as Context from "effect/Context"

export class SecureRandom extends Context.Service<
  SecureRandom,
  {
    /**
     * Exactly `count` bytes from a cryptographically secure source: uniformly distributed, and independent of all earlier
     * bytes. If the source fails it throws, and the use case dies with a defect.
     */
    readonly bytes: (count: number) => Uint8Array
  }
>()("@tokenry/core/SecureRandom") {}
