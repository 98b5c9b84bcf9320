import { assert, it } from "@effect/vitest"
import { MemoryRepository } from "@tokenry/core"
import { checkLifecycle, lifecycleContract } from "@tokenry/repository-contract"
import * as Effect from "effect/Effect"

// The next test checks the same law with more sequences.
lifecycleContract("memory", MemoryRepository.layer, { sequences: 10 })

it.live("what happens to tokens is of all kinds, and so is what verifying them comes to", () =>
  Effect.gen(function* () {
    const { steps, outcomes, verdicts } = yield* checkLifecycle(MemoryRepository.layer, { sequences: 400 })
    assert.isAtLeast(steps, 10_000)
    assert.includeMembers([...outcomes.keys()], usualOutcomes)
    assert.sameMembers([...verdicts.keys()], allVerdicts)
  }),
)

const usualOutcomes = [
  ...["accepted", "InactiveOwner", "PolicyViolation", "ScopeNotHeld"].map((outcome) => `issue: ${outcome}`),
  ...["accepted", "ExpiryNotHeld", "ScopeNotHeld", "SecretNotActive", "TokenNotLive"].map(
    (outcome) => `mint: ${outcome}`,
  ),
  ...["accepted", "ScopeNotHeld", "TokenNotFound", "TokenNotLive"].map((outcome) => `narrow: ${outcome}`),
  ...["accepted", "PolicyViolation", "TokenNotFound", "TokenNotLive"].map((outcome) => `shorten: ${outcome}`),
  ...["accepted", "PolicyViolation", "TokenNotFound", "TokenNotLive"].map((outcome) => `rotate: ${outcome}`),
  ...["accepted", "ExpiryNotHeld", "accepted with a replaced secret", "SecretNotActive with a replaced secret"].map(
    (outcome) => `rotateItself: ${outcome}`,
  ),
  ...["accepted", "TokenNotFound", "TokenNotLive"].map((outcome) => `endGrace: ${outcome}`),
  ...["accepted", "TokenNotFound", "TokenNotLive"].map((outcome) => `revoke: ${outcome}`),
]

const allVerdicts = [
  "Accepted",
  "Expired on ancestor",
  "Expired on token",
  "InsufficientScope",
  "OwnerInactive",
  "Retired",
  "Revoked on ancestor",
  "Revoked on token",
  "Unknown",
]
