/** What the types catch: a misspelt scope, and a forgotten caller. */
import { ApiTokens, MemoryRepository, ScopeCatalogue, type ScopeOf } from "@tokenry/core"
import { NodeCrypto } from "@tokenry/core/node"
import { type Caller, createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { expect, expectTypeOf, it } from "vitest"

const catalogue = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:edit": { description: "Change treasures", implies: ["treasure:read"] },
})

type Declared = "treasure:read" | "treasure:edit"

it("the catalogue's type has the names of its scopes", () => {
  expectTypeOf<ScopeOf<typeof catalogue>>().toEqualTypeOf<Declared>()
  // @ts-expect-error An implied scope that is not declared.
  expect(() => ScopeCatalogue.make({ a: { description: "A", implies: ["b"] } })).toThrow("implies b")
})

it("with promises, a misspelt scope doesn't compile, and is an error at run time", async () => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
  // @ts-expect-error Not declared.
  const issuing = tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:reed"] })
  await expect(issuing).rejects.toThrow("did you mean treasure:read?")
  const { plaintext, token } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:edit"] })
  // @ts-expect-error Not declared.
  await expect(tokens.verify(plaintext, { scopes: ["treasure:reed"] })).rejects.toThrow("did you mean treasure:read?")
  // @ts-expect-error Not declared.
  const editing = tokens.edit({ id: token.id, ownedBy: "user-1", scopes: ["treasure:reed"] })
  await expect(editing).rejects.toThrow("did you mean treasure:read?")
  const verification = await tokens.verify(plaintext)
  if (!verification.accepted) throw new Error("The token is refused")
  const { caller } = verification
  expectTypeOf(caller).toEqualTypeOf<Caller<Declared>>()
  // @ts-expect-error Not declared.
  expect(() => tokens.authorize(caller, ["treasure:reed"])).toThrow("did you mean treasure:read?")
  expect(tokens.authorize(caller, ["treasure:read"])).toEqual({ granted: true })
  await tokens.close()
})

it("scopes from a request are typed by the catalogue, and checked with everything else", async () => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
  const body: { readonly name: string; readonly scopes: ReadonlyArray<string> } = {
    name: "",
    scopes: ["treasure:reed"],
  }
  await expect(
    tokens.issue({ ownedBy: "user-1", name: body.name, scopes: catalogue.requested(body.scopes) }),
  ).rejects.toMatchObject({ _tag: "PolicyViolation", issues: [{ path: ["name"] }, { path: ["scopes", "0"] }] })
  await tokens.close()
})

it("code that doesn't care about the scopes accepts any", async () => {
  const anyTokens: PromiseApiTokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
  await anyTokens.close()
})

it("a caller that may be undefined doesn't compile, and is an error at run time, never the owner's full authority", async () => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
  const { token } = await tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [] })
  const caller: Caller | undefined = undefined as Caller | undefined
  const wrong = [
    // @ts-expect-error The caller may be missing.
    tokens.revoke({ id: token.id, ownedBy: "user-1", caller }),
    // @ts-expect-error The caller may be missing.
    tokens.issue({ ownedBy: "user-1", name: "CI", scopes: [], caller }),
    // @ts-expect-error The caller may be missing.
    tokens.list({ ownedBy: "user-1", caller }),
    // @ts-expect-error The caller may be missing.
    tokens.rotate({ id: token.id, caller }),
  ]
  for (const call of wrong) {
    await expect(call).rejects.toMatchObject({ _tag: "InvalidInput", issues: [{ path: ["caller"] }] })
  }
  // @ts-expect-error Nobody acts.
  await expect(tokens.revoke({ id: token.id })).rejects.toMatchObject({ issues: [{ path: ["ownedBy"] }] })
  expect(await tokens.find({ id: token.id, ownedBy: "user-1" })).toEqual(token)
  await tokens.close()
})

it("with a caller, the owner can be omitted", async () => {
  const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue })
  const { plaintext } = await tokens.issue({ ownedBy: "user-1", name: "parent", scopes: ["treasure:read"] })
  const verification = await tokens.verify(plaintext)
  if (!verification.accepted) throw new Error("The token is refused")
  const { caller } = verification
  const { token } = await tokens.issue({ caller, name: "child", scopes: ["treasure:read"] })
  expect(token).toMatchObject({ ownedBy: "user-1", ancestors: [caller.tokenId] })
  expect((await tokens.list({ caller })).items).toHaveLength(2)
  await tokens.close()
})

it("with Effect, ApiTokens.for types the service by its catalogue", async () => {
  const live = ApiTokens.layer({ catalogue }).pipe(Layer.provide([MemoryRepository.layer, NodeCrypto.layer]))
  const program = Effect.gen(function* () {
    const tokens = yield* ApiTokens.for(catalogue)
    const { plaintext } = yield* tokens.issue({ ownedBy: "user-1", name: "CI", scopes: ["treasure:read"] })
    const caller = yield* tokens.verify(plaintext)
    // @ts-expect-error Not declared.
    expect(() => tokens.authorize(caller, ["treasure:reed"])).toThrow("did you mean treasure:read?")
    return caller.ownedBy
  })
  expect(await Effect.runPromise(Effect.provide(program, live))).toBe("user-1")
  const another = ScopeCatalogue.make({ "treasure:read": "See treasures" })
  await expect(Effect.runPromise(Effect.provide(ApiTokens.for(another), live))).rejects.toThrow("another catalogue")
})
