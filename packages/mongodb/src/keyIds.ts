/** Finds which keys of the key ring are in use. */
import type { ApiTokenRepository, KeyId } from "@tokenry/core/adapter"
import * as Option from "effect/Option"
import type { Bounds } from "./bounded.ts"
import { withKeyBetween, withoutKey } from "./queries.ts"
import type { TokenCollection } from "./TokenCollection.ts"

/**
 * The Stable API has no `distinct`, so this searches the gaps between the keys found so far until all gaps are empty. That
 * takes one index seek per gap, `2k + 2` for `k` keys, however many tokens there are.
 */
export const keyIdsOn = (tokens: TokenCollection): ApiTokenRepository["Service"]["keyIdsInUse"] => {
  const keyIdIn = async ([above, below]: Gap, bounds: Bounds): Promise<string | undefined> => {
    const withKey = withKeyBetween(above, below)
    // The projection repeats the condition, because only the server knows its order of strings.
    const found = await tokens.collection.findOne(withKey, { ...bounds, projection: withKey })
    const [secret] = found !== null && "secrets" in found && Array.isArray(found.secrets) ? found.secrets : []
    return keyIdOf(secret)
  }

  return tokens.read("keyIdsInUse", async (bounds) => {
    const named: Array<Option.Option<KeyId>> = []
    const gaps: Array<Gap> = [[undefined, undefined]]
    for (let gap = gaps.pop(); gap !== undefined; gap = gaps.pop()) {
      const keyId = await keyIdIn(gap, bounds)
      if (keyId === undefined) continue
      named.push(Option.some(keyId as KeyId))
      gaps.push([gap[0], keyId], [keyId, gap[1]])
    }
    const isPlainInUse = (await tokens.collection.findOne(withoutKey, { ...bounds, projection: { _id: 1 } })) !== null
    return isPlainInUse ? [Option.none<KeyId>(), ...named] : named
  })
}

type Gap = readonly [above: string | undefined, below: string | undefined]

const keyIdOf = (secret: unknown): string | undefined =>
  typeof secret === "object" && secret !== null && "keyId" in secret && typeof secret.keyId === "string"
    ? secret.keyId
    : undefined
