/** What must hold after each step, for every plaintext ever issued, and every token and its ancestors. */
import { assert } from "@effect/vitest"
import type { Caller, Refusal } from "@tokenry/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { activeOf, ancestorsOf, isGranted, type ModelToken, type ModelVerdict } from "./LifecycleModel.ts"
import { grants } from "./LifecycleStep.ts"
import type { Life } from "./taking.ts"

/** The real service's verdict on each plaintext without a requirement: by token, oldest secret first. */
type Verdicts = ReadonlyMap<ModelToken, ReadonlyArray<ModelVerdict>>

/**
 * Verifies every plaintext without scopes, with these scopes, and with every scope. Checks that the model agrees, and
 * that no minted token exceeds the one it was minted with. Returns the verdicts' tags.
 */
export const agree = (life: Life, required: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const requirements = [[], required, Object.keys(grants)]
    const verdicts = new Map<ModelToken, Array<ModelVerdict>>()
    const seen: Array<Seen> = []
    for (const token of life.model.tokens) {
      const ofToken: Array<ModelVerdict> = []
      verdicts.set(token, ofToken)
      for (const secret of token.secrets) {
        for (const scopes of requirements) {
          const verdict = yield* verdictOf(life, secret.plaintext, scopes)
          if (scopes === requirements[0]) ofToken.push(verdict)
          seen.push({ verdict, expected: life.model.verdictsOf(token, secret, scopes), generation: secret.generation })
        }
      }
    }
    keepWithinAncestors(verdicts, life.model.owner)
    for (const { verdict, expected, generation } of seen) {
      const nearest = expected.find(({ tag }) => tag === verdict.tag) ?? expected[0]
      assert.deepStrictEqual(verdict, nearest, `what verifying the secret of generation ${generation} comes to`)
    }
    return seen.map(({ verdict }) => ("on" in verdict ? `${verdict.tag} on ${verdict.on}` : verdict.tag))
  })

interface Seen {
  readonly verdict: ModelVerdict
  readonly expected: ReadonlyArray<ModelVerdict>
  readonly generation: number
}

/**
 * Checks that an accepted token doesn't exceed or outlive its ancestors, which must all be accepted, or exceed its
 * owner.
 */
const keepWithinAncestors = (
  verdicts: Verdicts,
  owner: { readonly isActive: boolean; readonly scopes: ReadonlyArray<string> },
): void => {
  for (const [token, ofToken] of verdicts) {
    for (const verdict of ofToken) {
      if (verdict.tag !== "Accepted") continue
      assert.isTrue(owner.isActive, "no token of an inactive owner is accepted")
      const beyondOwner = verdict.scopes.filter((scope) => !isGranted(scope, owner.scopes))
      assert.deepStrictEqual(beyondOwner, [], "no token has rights that its owner lacks")
      for (const ancestor of ancestorsOf(token)) {
        const above = verdicts.get(ancestor)?.[activeOf(ancestor).generation - 1]
        assert.strictEqual(above?.tag, "Accepted", "no token is accepted after an ancestor's expiry")
        if (above?.tag !== "Accepted") continue
        const beyond = verdict.scopes.filter((scope) => !above.scopes.includes(scope))
        assert.deepStrictEqual(beyond, [], "no token has rights that an ancestor lacks")
        assert.isAtMost(verdict.expiresAt, above.expiresAt, "no token outlives an ancestor")
      }
    }
  }
}

const verdictOf = ({ service, ownedBy }: Life, plaintext: string, scopes: ReadonlyArray<string>) =>
  service.tokens.verify(plaintext, { scopes }).pipe(
    Effect.catchTag("RepositoryUnavailable", Effect.die),
    Effect.match({
      onSuccess: (caller): ModelVerdict => {
        assert.strictEqual(caller.ownedBy, ownedBy, "a caller has the owner of its token")
        return ofCaller(caller)
      },
      onFailure: ofRefusal,
    }),
  )

const ofCaller = ({ tokenId, generation, scopes, expiresAt }: Caller): ModelVerdict => ({
  tag: "Accepted",
  id: tokenId,
  generation,
  scopes: Object.keys(grants).filter((scope) => (scopes as ReadonlyArray<string>).includes(scope)),
  expiresAt: Option.match(expiresAt, { onNone: () => Infinity, onSome: (expiry) => expiry.epochMilliseconds }),
})

const ofRefusal = (refusal: Refusal): ModelVerdict => {
  switch (refusal._tag) {
    case "Malformed":
    case "Unknown":
      return { tag: refusal._tag }
    case "Retired":
      return { tag: "Retired", id: refusal.tokenId, generation: refusal.generation }
    case "Revoked":
    case "Expired":
      return { tag: refusal._tag, id: refusal.tokenId, on: refusal.on }
    case "OwnerInactive":
      return { tag: "OwnerInactive", id: refusal.tokenId }
    case "WrongKey":
      return assert.fail("a bearer token has no key")
    case "InsufficientScope":
      return { tag: "InsufficientScope", id: refusal.tokenId, missing: refusal.missing }
  }
}
