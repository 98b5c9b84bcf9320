/** Laws for usage records of purged tokens. They first purge everything that is already dead. */
import { unattributed } from "@tokenry/core/adapter"
import { idsOf, insertAll } from "../steps.ts"
import { anId, aSecret, at, aToken, aUse, changed, endOfTime, expiring, manyTokens, named, revoked } from "../tokens.ts"
import { usageLaw } from "../UsageLaw.ts"
import { areRecorded, required } from "./uses.ts"

export const forgettingLaws = [
  usageLaw("a purge deletes the usage of purged tokens, and no other", function* ({ here, there }) {
    yield* here.repository.purge(endOfTime)
    const root = aToken(expiring(1))
    const dead = [root, aToken({ ancestors: [anId(), root.id] }), ...manyTokens(130, () => revoked(1))]
    const kept = [aToken(), aToken(revoked(500)), aToken({ ancestors: [anId()] }), ...manyTokens(20, () => ({}))]
    yield* insertAll(here.repository, [...dead, ...kept])
    const usesOf = (tokens: typeof kept) =>
      idsOf(tokens).flatMap((tokenId) => [aUse({ tokenId, ...required({ x: 1 }) }), aUse({ tokenId, generation: 2 })])
    yield* here.usage.record(usesOf([...dead, ...kept]))
    yield* there.repository.purge(at(2))
    for (const wayIn of [here, there]) yield* areRecorded(wayIn, idsOf([...dead, ...kept]), usesOf(kept))
  }),

  usageLaw("a token that reuses a purged token's id starts without usage", function* ({ here, there }) {
    const dead = aToken(expiring(1))
    const { id: tokenId } = dead
    yield* here.repository.insert(dead)
    yield* here.usage.record([aUse({ tokenId, count: 5, ...required({ x: 1 }) })])
    yield* there.repository.purge(at(2))
    yield* here.usage.record([aUse({ tokenId })])
    yield* there.repository.insert(aToken({ id: tokenId }))
    yield* areRecorded(here, [tokenId], [])
    yield* there.usage.record([aUse({ tokenId, count: 2 })])
    yield* areRecorded(here, [tokenId], [aUse({ tokenId, count: 2 })])
  }),

  usageLaw("changing or revoking a token keeps its usage", function* ({ here, there }) {
    const token = aToken()
    const { id: tokenId } = token
    yield* here.repository.insert(token)
    const uses = [aUse({ tokenId, ...required({ x: 1 }) }), aUse({ tokenId, generation: 2 })]
    yield* here.usage.record(uses)
    const rotated = changed(token, { name: named("x"), secrets: [aSecret({ generation: 3 })] })
    yield* there.repository.replace(rotated, token.revision)
    yield* areRecorded(here, [tokenId], uses)
    yield* there.repository.markDelivered(tokenId, rotated.revision)
    yield* areRecorded(here, [tokenId], uses)
    yield* there.repository.revokeOwnedBy(token.ownedBy, { at: at(1), reason: "x" }, unattributed)
    for (const wayIn of [here, there]) yield* areRecorded(wayIn, [tokenId], uses)
  }),
]
