/** Which keys of a key ring stored secrets are under. */
import type { ApiTokenRepository, KeyId } from "@tokenry/core/adapter"
import * as Option from "effect/Option"
import type { Bounds } from "./bounded.ts"
import { withKeyBetween, withoutKey } from "./queries.ts"
import type { TokenCollection } from "./TokenCollection.ts"

/**
 * Without `distinct`, which the Stable API doesn't have: looks into the gaps between the keys that are known already until
 * all gaps are empty. Each look is one seek in the index, and there are two for each key at most, however many tokens.
 */
export const keyIdsOn = (tokens: TokenCollection): ApiTokenRepository["Service"]["keyIdsInUse"] => {
  const keyIdIn = async ([above, below]: Gap, bounds: Bounds): Promise<string | undefined> => {
    const withKey = withKeyBetween(above, below)
    // The same condition as projection: only the server knows its order of strings.
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
