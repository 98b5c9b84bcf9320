/** The port to the store of used proofs, and its implementation for one process. */
import { RepositoryUnavailable } from "@tokenry/core"

export interface DpopReplays {
  /**
   * Marks a proof as used. Resolves to `true` for its first use and to `false` for a replay: of concurrent calls with
   * the same id, exactly one gets `true`. `id` has 43 base64url characters. Forget it after `until`, in milliseconds
   * since the epoch: from then on the proof is too old. If this rejects, the client gets 503.
   */
  readonly use: (id: string, until: number, now: number) => boolean | Promise<boolean>
}

/**
 * Remembers the proofs that this process has accepted: about 150 bytes each. Only proofs for accepted tokens count, so a
 * stranger can't fill it. While it is full, requests get 503, since a proof it can't store could be replayed.
 *
 * @throws RangeError if `capacity` is not a whole number of at least 1. Default: 200,000.
 */
const make = ({ capacity = 200_000 }: { readonly capacity?: number } = {}): DpopReplays => {
  if (!(Number.isSafeInteger(capacity) && capacity >= 1)) {
    throw new RangeError("MemoryReplays.make: capacity must be a whole number of at least 1")
  }
  /** In insertion order, so the oldest come first, unless the clock went back. */
  const used = new Map<string, number>()
  return {
    use: (id, until, now) => {
      for (const [oldest, end] of used) {
        if (end > now) break
        used.delete(oldest)
      }
      if (used.has(id)) return false
      if (used.size >= capacity) {
        throw new RepositoryUnavailable({ operation: "dpop.replays", cause: new Error("Too many proofs at once") })
      }
      used.set(id, until)
      return true
    },
  }
}

export const MemoryReplays = { make } as const
