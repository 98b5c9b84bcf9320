/** What a token can see and change: itself and the tokens minted with it, using its active secret. */
import { expect, it } from "@effect/vitest"
import { type ActingCaller, ApiTokens, OwnerDirectory } from "@tokenry/core"
import { ApiTokenRepository } from "@tokenry/core/adapter"
import { anId } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import { TestClock } from "effect/testing"
import { anApiToken } from "./builders.ts"
import { callerWith, issue, outcomeOf, verdictOn, world } from "./world.ts"

const minute = 60_000

type Target = { readonly id: string; readonly ownedBy: string; readonly caller: ActingCaller }

/** Every operation on one token. */
const deeds = (target: Target) =>
  ApiTokens.use((tokens) =>
    Effect.succeed({
      find: outcomeOf(tokens.find(target)),
      edit: outcomeOf(tokens.edit({ ...target, name: "phone" })),
      endGrace: outcomeOf(tokens.endGrace(target)),
      rotate: outcomeOf(tokens.rotate(target)),
      revoke: outcomeOf(tokens.revoke(target)),
    } satisfies Record<
      Exclude<
        keyof ApiTokens["Service"],
        | "issue"
        | "verify"
        | "inspect"
        | "list"
        | "usageOf"
        | "effectiveStatesOf"
        | "revokeOwnedBy"
        | "revokeIssuedTo"
        | "revokeAllIssuedTo"
        | "purge"
        | "revokeUnused"
        | "expiringWithin"
        | "authorize"
        | "catalogue"
        | "ownerChanged"
        | "flush"
      >,
      Effect.Effect<string>
    >),
  )

const outcomesOf = (target: Target) =>
  Effect.gen(function* () {
    const outcomes: Record<string, string> = {}
    for (const [name, deed] of Object.entries(yield* deeds(target))) outcomes[name] = yield* deed
    return outcomes
  })

const all = (outcome: string) => ({
  find: outcome,
  edit: outcome,
  endGrace: outcome,
  rotate: outcome,
  revoke: outcome,
})

const family = Effect.gen(function* () {
  const parent = yield* issue({ name: "parent" })
  const self = yield* issue({ name: "self", caller: yield* callerWith(parent.plaintext) })
  const caller = yield* callerWith(self.plaintext)
  const child = yield* issue({ name: "child", caller })
  const grandchild = yield* issue({ name: "grandchild", caller: yield* callerWith(child.plaintext) })
  const sibling = yield* issue({ name: "sibling", caller: yield* callerWith(parent.plaintext) })
  const stranger = yield* issue({ name: "stranger", ownedBy: "user-2" })
  return { parent, self, child, grandchild, sibling, stranger, caller }
})

it.effect("a token reaches itself and what was minted with it, at any depth", () =>
  Effect.gen(function* () {
    const { self, child, grandchild, caller } = yield* family
    for (const { token } of [grandchild, child]) {
      expect(yield* outcomesOf({ id: token.id, ownedBy: "user-1", caller })).toEqual(all("done"))
    }
    // After the rotation it no longer has the active secret.
    expect(yield* outcomesOf({ id: self.token.id, ownedBy: "user-1", caller })).toEqual({
      ...all("done"),
      revoke: "SecretNotActive",
    })
  }).pipe(Effect.provide(world())),
)

it.effect("a token can't see its parent, its siblings or anyone else's tokens", () =>
  Effect.gen(function* () {
    const { parent, sibling, stranger, caller } = yield* family
    for (const { token } of [parent, sibling, stranger]) {
      expect(yield* outcomesOf({ id: token.id, ownedBy: "user-1", caller })).toEqual(all("TokenNotFound"))
    }
  }).pipe(Effect.provide(world())),
)

it.effect("a list made with a token contains itself and what was minted with it, page by page", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { caller } = yield* family
    const request = { ownedBy: "user-1", caller, limit: 2 }
    const first = yield* tokens.list(request)
    const second = yield* tokens.list({
      ...request,
      cursor: first.nextCursor.pipe((cursor) => (cursor._tag === "Some" ? cursor.value : "")),
    })
    expect(new Set([...first.items, ...second.items].map(({ name }) => name))).toEqual(
      new Set(["self", "child", "grandchild"]),
    )
    expect(second.nextCursor._tag).toBe("None")
    expect((yield* tokens.list({ ownedBy: "user-1" })).items).toHaveLength(5)
  }).pipe(Effect.provide(world())),
)

it.effect("a secret in its grace period still makes calls, but manages nothing", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { self, child, caller } = yield* family
    yield* tokens.rotate({ id: self.token.id, ownedBy: "user-1" })
    expect(yield* verdictOn(self.plaintext)).toBe("accepted")
    for (const { token } of [self, child]) {
      expect(yield* outcomesOf({ id: token.id, ownedBy: "user-1", caller })).toEqual(all("SecretNotActive"))
    }
    expect(yield* outcomeOf(tokens.list({ ownedBy: "user-1", caller }))).toBe("SecretNotActive")
    expect(yield* outcomeOf(issue({ caller }))).toBe("SecretNotActive")
  }).pipe(Effect.provide(world())),
)

it.effect("a token that has died in the meantime can't do anything", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { self, child, caller } = yield* family
    yield* tokens.revoke({ id: self.token.id, ownedBy: "user-1" })
    expect(yield* outcomesOf({ id: child.token.id, ownedBy: "user-1", caller })).toEqual(all("TokenNotLive"))
    expect(yield* outcomeOf(tokens.list({ ownedBy: "user-1", caller }))).toBe("TokenNotLive")
    expect(yield* outcomeOf(issue({ caller }))).toBe("TokenNotLive")
  }).pipe(Effect.provide(world())),
)

it.effect("a token that rotates itself can't renew itself, but may bring its expiry forward", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue({ expiresIn: "10 days" })
    const itself = { id: token.id, ownedBy: "user-1", caller: yield* callerWith(plaintext) }
    expect(yield* outcomeOf(tokens.rotate({ ...itself, expiresIn: "11 days" }))).toBe("ExpiryNotHeld")
    expect(yield* outcomeOf(tokens.rotate({ ...itself, expiresIn: "9 days" }))).toBe("done")
  }).pipe(Effect.provide(world())),
)

it.effect("nobody can renew a token beyond the expiry of the token that minted it", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { child, caller } = yield* family
    const request = { id: child.token.id, ownedBy: "user-1", expiresIn: "91 days" }
    expect(yield* outcomeOf(tokens.rotate({ ...request, caller }))).toBe("ExpiryNotHeld")
    expect(yield* outcomeOf(tokens.rotate(request))).toBe("ExpiryNotHeld")
    expect(yield* outcomeOf(tokens.rotate({ ...request, expiresIn: "90 days" }))).toBe("done")
  }).pipe(Effect.provide(world())),
)

it.effect(
  "a token that rotated itself and lost the response may repeat that for five minutes with its previous secret",
  () =>
    Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const { plaintext, token } = yield* issue()
      const itself = { id: token.id, ownedBy: "user-1", caller: yield* callerWith(plaintext) }
      yield* tokens.rotate(itself)
      yield* TestClock.adjust(2 * minute)
      yield* tokens.rotate(itself)
      yield* TestClock.adjust(3 * minute - 1)
      const third = yield* tokens.rotate(itself)
      expect(yield* verdictOn(plaintext)).toBe("accepted")
      expect(yield* verdictOn(third.plaintext)).toBe("accepted")
      yield* TestClock.adjust(1)
      expect(yield* outcomeOf(tokens.rotate(itself))).toBe("SecretNotActive")
      expect(yield* outcomeOf(tokens.endGrace(itself))).toBe("SecretNotActive")
    }).pipe(Effect.provide(world())),
)

it.effect("a repeat keeps the secret it is made with, even when two others are in their grace period", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext: fleet, token } = yield* issue()
    const { plaintext } = yield* tokens.rotate({ id: token.id, ownedBy: "user-1" })
    const itself = { id: token.id, ownedBy: "user-1", caller: yield* callerWith(plaintext) }
    for (let attempt = 0; attempt < 4; attempt++) yield* tokens.rotate(itself)
    expect(yield* verdictOn(fleet)).toBe("accepted")
    expect(yield* verdictOn(plaintext)).toBe("accepted")
  }).pipe(Effect.provide(world())),
)

it.effect(
  "after a person has rotated, no earlier secret can rotate the token again, not even to repeat its own rotation",
  () =>
    Effect.gen(function* () {
      const tokens = yield* ApiTokens
      const { plaintext, token } = yield* issue()
      const itself = { id: token.id, ownedBy: "user-1", caller: yield* callerWith(plaintext) }
      yield* tokens.rotate(itself)
      yield* tokens.rotate({ id: token.id, ownedBy: "user-1", graceFor: "0 minutes" })
      expect(yield* outcomeOf(tokens.rotate(itself))).toBe("SecretNotActive")
    }).pipe(Effect.provide(world())),
)

it.effect("a token can't manage anything below a dead ancestor, or for an inactive owner", () => {
  let active = true
  const owners = OwnerDirectory.layerFrom(() => (active ? { active, scopes: "all" } : { active }))
  return Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { parent, child, caller } = yield* family
    const target = { id: child.token.id, ownedBy: "user-1", caller }
    active = false
    expect(yield* outcomesOf(target)).toEqual(all("InactiveOwner"))
    expect(yield* outcomeOf(tokens.list({ ownedBy: "user-1", caller }))).toBe("InactiveOwner")
    active = true
    yield* tokens.revoke({ id: parent.token.id, ownedBy: "user-1" })
    expect(yield* outcomesOf(target)).toEqual(all("TokenNotLive"))
    expect(yield* outcomeOf(tokens.list({ ownedBy: "user-1", caller }))).toBe("TokenNotLive")
  }).pipe(Effect.provide(world({}, owners)))
})

it.effect("a secret that a person replaced can't rotate its token, however soon", () =>
  Effect.gen(function* () {
    const tokens = yield* ApiTokens
    const { plaintext, token } = yield* issue()
    const itself = { id: token.id, ownedBy: "user-1", caller: yield* callerWith(plaintext) }
    yield* tokens.rotate({ id: token.id, ownedBy: "user-1" })
    expect(yield* outcomeOf(tokens.rotate(itself))).toBe("SecretNotActive")
    yield* tokens.endGrace({ id: token.id, ownedBy: "user-1" })
    expect(yield* outcomeOf(tokens.rotate(itself))).toBe("SecretNotActive")
  }).pipe(Effect.provide(world())),
)

it.effect("a token whose ancestor is gone can't act", () =>
  Effect.gen(function* () {
    const orphan = anApiToken({ ancestors: [anId()] })
    yield* ApiTokenRepository.use((repository) => repository.insert(orphan))
    const caller = { tokenId: orphan.id, generation: 1, ownedBy: "user-1" }
    expect(yield* outcomesOf({ id: orphan.id, ownedBy: "user-1", caller })).toEqual(all("TokenNotLive"))
    expect(yield* outcomeOf(issue({ caller }))).toBe("TokenNotLive")
  }).pipe(Effect.provide(world())),
)
