import { describe, expect, it } from "@effect/vitest"
import { RevisionConflict } from "@tokenry/core"
import { type Form, type OAuthRequest, RateLimits, readForm, Revocation, type RevocationOptions } from "@tokenry/http"
import { aRateLimiter } from "../rate-limits/aRateLimiter.ts"
import { formOf, openWorld, outage, posting, withClock } from "../world.ts"

const revoking = async (options: Partial<RevocationOptions> = {}) => {
  const world = await openWorld()
  const answering = (tokens: RevocationOptions["tokens"]) => {
    const { answerTo } = Revocation.make({ tokens, ...options })
    const reply = (form: Form, request: Partial<OAuthRequest> = {}) => answerTo(posting(form, request))
    return {
      reply,
      revoke: async (token: string, address?: string) => (await reply(formOf(token), { address })).answer,
    }
  }
  return { ...world, ...answering(world.tokens), answering }
}

/** 200 without a body (RFC 7009 §2.2). */
const done = { status: 200, headers: { "Cache-Control": "no-store" }, body: "" }

describe("Revocation", () => {
  it("lets a token's holder revoke it, and its history records who did (RFC 7009 §2.1)", async () => {
    const { tokens, issue, reply } = await revoking()
    const { plaintext, token } = await issue()
    expect(await reply(formOf(plaintext), { origin: { address: "192.0.2.1" } })).toEqual({ answer: done })
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

  it("tokens minted with it die with it (RFC 7009 §2.1)", async () => {
    const { tokens, issue, callerOf, revoke } = await revoking()
    const parent = await issue()
    const minted = await issue({ caller: await callerOf(parent.plaintext) })
    await revoke(parent.plaintext)
    expect(await tokens.verify(minted.plaintext)).toMatchObject({ refusal: { _tag: "Revoked", on: "ancestor" } })
  })

  it("a secret in its grace period revokes the token too", async () => {
    const { tokens, issue, revoke } = await revoking()
    const { plaintext, token } = await issue()
    const { plaintext: next } = await tokens.rotate({ id: token.id, ownedBy: "user-1" })
    expect(await revoke(plaintext)).toEqual(done)
    expect(await tokens.verify(next)).toMatchObject({ refusal: { _tag: "Revoked" } })
  })

  it("any string that isn't accepted gets the same response, and nothing changes (RFC 7009 §2.2)", async () => {
    const { tokens, dead, revoke } = await revoking()
    const { inactiveOwner: _, ...others } = await dead()
    const all = async () => (await tokens.list({ ownedBy: "user-1" })).items
    const before = await all()
    for (const [kind, plaintext] of Object.entries(others))
      expect([kind, await revoke(plaintext)]).toEqual([kind, done])
    await tokens.flush()
    expect(await all()).toEqual(before)
  })

  it("a deactivated owner's token doesn't come back with them", async () => {
    const { tokens, dead, revoke, inactive } = await revoking()
    const { inactiveOwner } = await dead()
    expect(await revoke(inactiveOwner)).toEqual(done)
    inactive.clear()
    expect(await tokens.verify(inactiveOwner)).toMatchObject({ refusal: { _tag: "Revoked" } })
  })

  it("doesn't count as a use of the token", async () => {
    const { tokens, issue, revoke } = await revoking()
    const { plaintext, token } = await issue()
    await revoke(plaintext)
    expect(await tokens.usageOf([token])).toMatchObject([{ count: 0 }])
  })

  it("a token purged in between counts as revoked", () =>
    withClock(async (pass) => {
      const { tokens, issue, answering } = await revoking()
      const { plaintext, token } = await issue()
      let purged = 0
      const { revoke } = answering({
        ...tokens,
        revoke: async (request) => {
          await tokens.revoke({ id: token.id, ownedBy: "user-1" })
          pass(1000)
          purged = await tokens.purge({ deadFor: "0 minutes" })
          return tokens.revoke(request)
        },
      })
      expect(await revoke(plaintext)).toEqual(done)
      expect(purged).toBe(1)
    }))

  it.each<[what: string, form: Form, status: number]>([
    ["unreadable", { _tag: "Invalid", flaw: "NotAForm" }, 400],
    ["too large", { _tag: "Invalid", flaw: "TooLarge" }, 413],
    ["too slow", { _tag: "Invalid", flaw: "TooSlow" }, 408],
    ["without a token", readForm(""), 400],
    ["with two tokens", readForm("token=a&token=b"), 400],
    ["with two hints", readForm("token=a&token_type_hint=b&token_type_hint=c"), 400],
  ])("a form that is %s gets an error in OAuth's format (RFC 6749 §5.2)", async (_what, form, status) => {
    const { reply } = await revoking()
    const { answer } = await reply(form)
    expect(answer).toMatchObject({
      status,
      headers: { "Content-Type": "application/json", "Cache-Control": "no-store" },
    })
    expect(JSON.parse(answer.body)).toEqual({
      error: "invalid_request",
      error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/),
    })
  })

  it("an outage is 503 with Retry-After, at the lookup and at the write (RFC 7009 §2.2.1)", async () => {
    const { tokens, issue, reply, answering, store } = await revoking()
    const { plaintext } = await issue()
    store.isAway = true
    const replies = [await reply(formOf(plaintext))]
    store.isAway = false
    replies.push(await answering({ ...tokens, revoke: () => Promise.reject(outage) }).reply(formOf(plaintext)))
    for (const { answer, cause } of replies) {
      expect(answer).toMatchObject({ status: 503, headers: { "Retry-After": "5", "Cache-Control": "no-store" } })
      expect(JSON.parse(answer.body)).toMatchObject({ error: "temporarily_unavailable" })
      expect(cause).toBe(outage)
    }
  })

  it("rejects with every other error", async () => {
    const { tokens, issue, answering } = await revoking()
    const { plaintext } = await issue()
    for (const error of [new RevisionConflict({ id: "x" }), new TypeError("A bug")]) {
      await expect(answering({ ...tokens, inspect: () => Promise.reject(error) }).revoke("x")).rejects.toBe(error)
      await expect(answering({ ...tokens, revoke: () => Promise.reject(error) }).revoke(plaintext)).rejects.toBe(error)
    }
  })

  it("other methods are 405, and the form is not read (RFC 9110 §15.5.6)", async () => {
    const { reply } = await revoking()
    const readForm = () => Promise.reject(new Error("The form was read"))
    const { answer } = await reply(formOf("x"), { method: "GET", readForm })
    expect(answer).toMatchObject({ status: 405, headers: { Allow: "POST" } })
  })
})

describe("limits of revocation (RFC 7009 §5)", () => {
  const limited = async (limit: number, options: Partial<Parameters<typeof RateLimits.make>[0]> = {}) => {
    const failedPerAddress = aRateLimiter(limit)
    const limits = RateLimits.make({ failedPerAddress, onError: () => {}, ...options })
    return { ...(await revoking({ limits })), failedPerAddress }
  }

  it("count the different unknown tokens of each address separately", async () => {
    const { revoke } = await limited(2)
    const statuses: Array<number> = []
    for (const token of ["a", "b", "a", "c"]) statuses.push((await revoke(token, "192.0.2.1")).status)
    statuses.push((await revoke("c", "192.0.2.2")).status)
    expect(statuses).toEqual([200, 200, 200, 429, 200])
    const answer = await revoke("d", "192.0.2.1")
    expect(answer.headers).toMatchObject({ "Content-Type": "application/json", "Retry-After": "60" })
    expect(JSON.parse(answer.body)).toMatchObject({ error: "temporarily_unavailable" })
  })

  it("let the holder of a token revoke it from an address that has used them up", async () => {
    const { tokens, issue, revoke } = await limited(0)
    const { plaintext } = await issue()
    expect((await revoke("a", "192.0.2.1")).status).toBe(429)
    expect(await revoke(plaintext, "192.0.2.1")).toEqual(done)
    expect(await tokens.verify(plaintext)).toMatchObject({ refusal: { _tag: "Revoked" } })
  })

  it("answer 503, not 429, while the limiter is down and requests are refused meanwhile", async () => {
    const { reply, failedPerAddress } = await limited(1, { whenUnavailable: "refuse" })
    failedPerAddress.isDown = true
    const { answer, cause } = await reply(formOf("a"), { address: "192.0.2.1" })
    expect(answer).toMatchObject({ status: 503, headers: { "Retry-After": "5" } })
    expect(cause).toEqual(new Error("The limiter is down"))
  })
})
