/** Node's SHA-256 with random bytes that aren't random. */
import { Hasher, SecureRandom } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import * as Layer from "effect/Layer"

/** Every call returns the bytes from `byteAt`. */
export const cryptoWith = (byteAt: (index: number) => number): Layer.Layer<SecureRandom | Hasher> =>
  Layer.merge(
    Layer.effect(Hasher, Hasher).pipe(Layer.provide(NodeCrypto.layer)),
    Layer.succeed(SecureRandom, { bytes: (count) => Uint8Array.from({ length: count }, (_, index) => byteAt(index)) }),
  )
