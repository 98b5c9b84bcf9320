import { describe, expect, it } from "@effect/vitest"
import { Introspection } from "@tokenry/http"
import { formOf, openWorld, outage } from "./world.ts"

const scopeForAll = "token:introspect"

/** A world with an introspection, and what it answers a caller with these scopes. */
const asking = async (scopes: ReadonlyArray<string> = []) => {
  const world = await openWorld()
  const { answerTo } = Introspection.make({ tokens: world.tokens, scopeForAll })
  const caller = await world.callerOf((await world.issue({ name: "caller", scopes })).plaintext)
  return { ...world, caller, ask: (token: string) => answerTo(formOf(token), caller), answerTo }
}

const inactive = {
  status: 200,
  headers: { "Content-Type": "application/json", "Cache-Control": "no-store", Vary: "Authorization" },
  body: '{"active":false}',
}

describe("Introspection", () => {
  it("tells of an active token what it stands for (RFC 7662 §2.2)", async () => {
    const { issue, ask } = await asking()
    const { plaintext, token } = await issue({ scopes: ["treasure:edit"], issuedTo: "chart-plotter" })
    const answer = await ask(plaintext)
    expect(answer).toMatchObject({ status: 200, headers: inactive.headers })
    expect(JSON.parse(answer.body)).toEqual({
      active: true,
      scope: "treasure:edit treasure:read",
      client_id: "chart-plotter",
      token_type: "Bearer",
      exp: Math.floor(Number(token.expiresAt) / 1000),
      iat: Math.floor(Number(token.createdAt) / 1000),
      sub: "user-1",
      jti: token.id,
    })
    expect(answer.body).not.toContain(plaintext)
  })

  it("leaves out what there is none of (RFC 7662 §2.2)", async () => {
    const { issue, ask } = await asking()
    const { plaintext } = await issue({ scopes: [], expiresAt: null })
    expect(Object.keys(JSON.parse((await ask(plaintext)).body))).toEqual(["active", "token_type", "iat", "sub", "jti"])
  })

  it("tells the scopes and the expiry that hold now, not those that were declared", async () => {
    const { tokens, issue, callerOf, ask } = await asking()
    const parent = await issue({ scopes: ["treasure:edit"], expiresIn: "2 hours" })
    const caller = await callerOf(parent.plaintext)
    const minted = await issue({ scopes: ["treasure:edit"], expiresIn: "90 minutes", caller })
    const changed = await tokens.edit({
      id: parent.token.id,
      ownedBy: "user-1",
      scopes: ["treasure:read"],
      expiresIn: "1 hour",
    })
    expect(JSON.parse((await ask(minted.plaintext)).body)).toMatchObject({
      scope: "treasure:read",
      exp: Math.floor(Number(changed.expiresAt) / 1000),
    })
  })

  it("a secret in its grace is active until the grace ends", async () => {
    const { tokens, issue, ask } = await asking()
    const { plaintext, token } = await issue()
    const { token: rotated } = await tokens.rotate({ id: token.id, ownedBy: "user-1", graceFor: "1 hour" })
    expect(JSON.parse((await ask(plaintext)).body).exp).toBe(Math.floor(Number(rotated.secrets[1]?.graceEnds) / 1000))
  })

  it.each([[[]], [[scopeForAll]]])(
    "says of whatever is not accepted that it is inactive, and nothing else, to a caller with %j (RFC 7662 §2.2)",
    async (scopes) => {
      const { dead, ask } = await asking(scopes)
      for (const [kind, plaintext] of Object.entries(await dead())) {
        expect([kind, await ask(plaintext)]).toEqual([kind, inactive])
      }
    },
  )

  it("asks the store the same for every token that is not accepted", async () => {
    const { dead, ask, store } = await asking([scopeForAll])
    const { malformed: _, orphan: __, ...others } = await dead()
    for (const [kind, plaintext] of Object.entries(others)) {
      store.asked.length = 0
      await ask(plaintext)
      expect([kind, store.asked]).toEqual([kind, ["findByDigest"]])
    }
  })

  it("says that somebody else's token is inactive, unless the caller may know of all (RFC 7662 §4)", async () => {
    const { issue, ask } = await asking(["treasure:edit"])
    const other = await issue({ ownedBy: "user-3" })
    expect(await ask(other.plaintext)).toEqual(inactive)
  })

  it("tells of everybody's tokens to a caller with the scope for it, and notes that it was needed", async () => {
    const { tokens, issue, ask, caller } = await asking([scopeForAll])
    const [own, other] = [await issue(), await issue({ ownedBy: "user-3" })]
    const token = await tokens.find({ id: caller.tokenId, ownedBy: "user-1" })
    const needed = async () => (await tokens.usageOf([token]))?.[0]?.scopes.map(({ scope }) => scope)
    expect(JSON.parse((await ask(own.plaintext)).body)).toMatchObject({ active: true, sub: "user-1" })
    expect(await needed()).toEqual([])
    expect(JSON.parse((await ask(other.plaintext)).body)).toMatchObject({ active: true, sub: "user-3" })
    expect(await needed()).toEqual([scopeForAll])
  })

  it("without a scope for it nobody knows of everybody's tokens", async () => {
    const { tokens, issue, caller } = await asking([scopeForAll])
    const other = await issue({ ownedBy: "user-3" })
    const { answerTo } = Introspection.make({ tokens })
    expect(await answerTo(formOf(other.plaintext), caller)).toEqual(inactive)
  })

  it("is no use of the token, and no reuse of a retired secret", async () => {
    const { tokens, issue, ask } = await asking()
    const { plaintext, token } = await issue()
    const { plaintext: next } = await tokens.rotate({ id: token.id, ownedBy: "user-1", graceFor: "0 minutes" })
    for (const value of [plaintext, next]) await ask(value)
    await tokens.flush()
    expect(await tokens.usageOf([token])).toMatchObject([{ count: 0, lastUsedAt: null, secrets: [] }])
    expect(await tokens.find({ id: token.id, ownedBy: "user-1" })).toMatchObject({ revokedAt: null, revision: 2 })
  })

  it.each(["TokenNotFound", "revoked"])("a token that has gone by the second look-up is inactive: %s", async (what) => {
    const { tokens, issue, caller } = await asking()
    const { plaintext, token } = await issue()
    const own = { id: token.id, ownedBy: "user-1" }
    const { answerTo } = Introspection.make({
      tokens: {
        ...tokens,
        find: async (request) => {
          await tokens.revoke(own)
          if (what === "TokenNotFound") await tokens.purge({ deadFor: "0 minutes" })
          return tokens.find(request)
        },
      },
    })
    expect(await answerTo(formOf(plaintext), caller)).toEqual(inactive)
  })

  it("a form without a token is answered with 400 invalid_request in OAuth's format (RFC 6749 §5.2)", async () => {
    const { answerTo, caller } = await asking()
    const answer = await answerTo({ _tag: "Invalid", flaw: "NoToken" }, caller)
    expect(answer).toMatchObject({ status: 400, headers: { "Cache-Control": "no-store" } })
    expect(JSON.parse(answer.body)).toEqual({
      error: "invalid_request",
      error_description: "The parameter token is missing",
    })
  })

  it("an outage is none of a token: it rejects", async () => {
    const { issue, ask, store } = await asking()
    const { plaintext } = await issue()
    store.isAway = true
    await expect(ask(plaintext)).rejects.toBe(outage)
  })

  it("a scope that is none is told when it is made", async () => {
    const { tokens } = await openWorld()
    expect(() => Introspection.make({ tokens, scopeForAll: "a b" })).toThrow("scopeForAll")
  })
})
