import { describe, expect, it } from "@effect/vitest"
import { OAuthAnswers, Revocation } from "@tokenry/http"
import { formOf, openWorld, outage } from "./world.ts"

const revoking = async () => {
  const world = await openWorld()
  const { answerTo } = Revocation.make({ tokens: world.tokens })
  return { ...world, answerTo, revoke: (token: string) => answerTo(formOf(token)) }
}

/** 200 without a body (RFC 7009 §2.2). */
const done = { status: 200, headers: { "Cache-Control": "no-store" }, body: "" }

describe("Revocation", () => {
  it("ends the token of whoever holds it, and its history tells by whom (RFC 7009 §2.1)", async () => {
    const { tokens, issue, answerTo } = await revoking()
    const { plaintext, token } = await issue()
    expect(await answerTo(formOf(plaintext), { address: "192.0.2.1" })).toEqual(done)
    expect(await tokens.verify(plaintext)).toMatchObject({ refusal: { _tag: "Revoked" } })
    const revoked = await tokens.find({ id: token.id, ownedBy: "user-1" })
    expect(revoked).toMatchObject({ revocationReason: "revoked by its holder" })
    expect(revoked.history.at(-1)).toMatchObject({
      kind: "revoked",
      actor: { kind: "token", id: token.id },
      origin: { address: "192.0.2.1" },
    })
    expect(JSON.stringify(revoked)).not.toContain(plaintext)
  })

  it("what was minted by means of it ends with it (RFC 7009 §2.1)", async () => {
    const { tokens, issue, callerOf, revoke } = await revoking()
    const parent = await issue()
    const minted = await issue({ caller: await callerOf(parent.plaintext) })
    await revoke(parent.plaintext)
    expect(await tokens.verify(minted.plaintext)).toMatchObject({ refusal: { _tag: "Revoked", on: "ancestor" } })
  })

  it("a secret in its grace ends the token too", async () => {
    const { tokens, issue, revoke } = await revoking()
    const { plaintext, token } = await issue()
    const { plaintext: next } = await tokens.rotate({ id: token.id, ownedBy: "user-1" })
    expect(await revoke(plaintext)).toEqual(done)
    expect(await tokens.verify(next)).toMatchObject({ refusal: { _tag: "Revoked" } })
  })

  it("whatever is not accepted gets the same answer, and nothing changes (RFC 7009 §2.2)", async () => {
    const { tokens, dead, revoke } = await revoking()
    const { inactiveOwner: _, ...others } = await dead()
    const all = async () => (await tokens.list({ ownedBy: "user-1" })).items
    const before = await all()
    for (const [kind, plaintext] of Object.entries(others))
      expect([kind, await revoke(plaintext)]).toEqual([kind, done])
    await tokens.flush()
    expect(await all()).toEqual(before)
  })

  it("a token of a deactivated owner is not back when they are", async () => {
    const { tokens, dead, revoke, inactive } = await revoking()
    const { inactiveOwner } = await dead()
    expect(await revoke(inactiveOwner)).toEqual(done)
    inactive.clear()
    expect(await tokens.verify(inactiveOwner)).toMatchObject({ refusal: { _tag: "Revoked" } })
  })

  it("is no use of the token", async () => {
    const { tokens, issue, revoke } = await revoking()
    const { plaintext, token } = await issue()
    await revoke(plaintext)
    expect(await tokens.usageOf([token])).toMatchObject([{ count: 0 }])
  })

  it("a token that is purged in between is as good as revoked", async () => {
    const { tokens, issue } = await revoking()
    const { plaintext, token } = await issue()
    const { answerTo } = Revocation.make({
      tokens: {
        ...tokens,
        revoke: async (request) => {
          await tokens.revoke({ id: token.id, ownedBy: "user-1" })
          await tokens.purge({ deadFor: "0 minutes" })
          return tokens.revoke(request)
        },
      },
    })
    expect(await answerTo(formOf(plaintext))).toEqual(done)
  })

  it.each([
    ["NotAForm", 400],
    ["NoToken", 400],
    ["SeveralTokens", 400],
    ["SeveralHints", 400],
    ["TooLarge", 413],
    ["TooSlow", 408],
  ] as const)("a form that is none is answered in OAuth's format (RFC 6749 §5.2): %s", async (flaw, status) => {
    const { answerTo } = await revoking()
    const answer = await answerTo({ _tag: "Invalid", flaw })
    expect(answer).toMatchObject({
      status,
      headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    })
    expect(JSON.parse(answer.body)).toEqual({
      error: "invalid_request",
      error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/),
    })
  })

  it("when the store is away it rejects, at the look-up and at the write (RFC 7009 §2.2.1)", async () => {
    const { tokens, issue, revoke, store } = await revoking()
    const { plaintext } = await issue()
    store.isAway = true
    await expect(revoke(plaintext)).rejects.toBe(outage)
    store.isAway = false
    const { answerTo } = Revocation.make({ tokens: { ...tokens, revoke: () => Promise.reject(outage) } })
    await expect(answerTo(formOf(plaintext))).rejects.toBe(outage)
  })

  it("the answer for that is 503 with Retry-After (RFC 7009 §2.2.1)", () => {
    const { status, headers, body } = OAuthAnswers.storeUnavailable
    expect(status).toBe(503)
    expect(headers["Retry-After"]).toMatch(/^[1-9]\d*$/)
    expect(JSON.parse(body)).toMatchObject({ error: "temporarily_unavailable" })
  })
})
