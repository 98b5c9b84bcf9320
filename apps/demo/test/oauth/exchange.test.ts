/** Token exchange at the demo's token endpoint, with a foreign client and a foreign verifier. */
import { randomUUID } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { JwtVerifier, SigningKeys, tokenExchangeGrant } from "@tokenry/jwt"
import * as oauth from "oauth4webapi"
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest"
import { freePort } from "../../../../tools/freePort.ts"
import { declaredRoutes } from "../../src/api/description.ts"
import type { Demo } from "../../src/Demo.ts"
import { scopeCatalogue } from "../../src/scopes.ts"
import { Client } from "../Client.ts"
import { demoOn, local, temporaryFolder } from "../demos.ts"
import { App } from "./App.ts"

const audience: string = local.audiences[0]
const formType = "application/x-www-form-urlencoded"
const insecure = { [oauth.allowInsecureRequests]: true } as const
const refused = { error: "invalid_request", status: 400 }

let demo: Demo
let owner: Client
let server: oauth.AuthorizationServer
beforeAll(async () => {
  demo = await demoOn({ kind: "memory" })
  owner = await Client.signedIn(demo.publicUrl, "owner")
  server = (await App.registered(demo.publicUrl)).server
})
afterAll(() => demo.stop())

/** As a client that the demo doesn't know. */
const exchange = async (subjectToken: string, parameters: Readonly<Record<string, string>> = {}, at = server) => {
  const client = { client_id: "chart-plotter" }
  const form = {
    subject_token: subjectToken,
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
    audience,
    ...parameters,
  }
  const response = await oauth.genericTokenEndpointRequest(at, client, oauth.None(), tokenExchangeGrant, form, insecure)
  return oauth.processGenericTokenEndpointResponse(at, client, response)
}

const validated = (jwt: string, expectedAudience = audience) => {
  const request = new Request(audience, { headers: { Authorization: `Bearer ${jwt}` } })
  return oauth.validateJwtAccessToken(server, request, expectedAudience, insecure)
}

const verifierAt = (publicUrl: string, now: () => number = Date.now) =>
  JwtVerifier.make({
    issuer: publicUrl,
    audience,
    jwks: new URL(`${publicUrl}/oauth/jwks`),
    catalogue: scopeCatalogue,
    now,
  })

describe("an exchange", () => {
  it("gives a JWT valid for five minutes, which a foreign verifier accepts for its audience (RFC 9068 §4)", async () => {
    expect(server.grant_types_supported).toEqual(["authorization_code", "refresh_token", tokenExchangeGrant])
    const { plaintext, token } = await owner.issue({ scopes: ["treasure:edit", "token:manage"] })
    const exchanged = await exchange(plaintext)
    expect(exchanged).toMatchObject({ token_type: "bearer", expires_in: 300, scope: "treasure:edit treasure:read" })
    expect(await validated(exchanged.access_token)).toMatchObject({
      iss: demo.publicUrl,
      sub: (await owner.get("/api/me")).body.owner.id,
      client_id: token.id,
      scope: "treasure:edit treasure:read",
    })
    await expect(validated(exchanged.access_token, "https://other.example.com")).rejects.toThrow("audience")
  })

  it("needs no client: the API token is all the authentication there is", async () => {
    const { plaintext } = await owner.issue()
    const form = { grant_type: tokenExchangeGrant, subject_token: plaintext, resource: audience }
    const type = { subject_token_type: "urn:ietf:params:oauth:token-type:access_token" }
    const body = new URLSearchParams({ ...form, ...type }).toString()
    const { status, headers } = await new Client(demo.publicUrl).send("POST", "/oauth/token", body, formType)
    expect([status, headers.get("Cache-Control")]).toEqual([200, "no-store"])
  })

  it("is refused for another audience", async () => {
    const { plaintext } = await owner.issue()
    const wrong = { error: "invalid_target", status: 400 }
    await expect(exchange(plaintext, { audience: "https://other.example.com" })).rejects.toMatchObject(wrong)
  })

  it("is refused for an unknown token, and for a JWT", async () => {
    await expect(exchange("tcp_unknown")).rejects.toMatchObject(refused)
    const { access_token: jwt } = await exchange((await owner.issue()).plaintext)
    await expect(exchange(jwt)).rejects.toMatchObject(refused)
  })

  it("is refused for a revoked token", async () => {
    const { plaintext, token } = await owner.issue()
    await owner.delete(`/api/tokens/${token.id}`)
    await expect(exchange(plaintext)).rejects.toMatchObject(refused)
  })

  it("gives a narrowed token's JWT only what is left", async () => {
    const { plaintext, token } = await owner.issue({ scopes: ["treasure:read", "treasure:delete"] })
    await owner.patch(`/api/tokens/${token.id}`, { scopes: ["treasure:read"] })
    const lost = exchange(plaintext, { scope: "treasure:delete" })
    await expect(lost).rejects.toMatchObject({ error: "invalid_scope", status: 400 })
    expect((await exchange(plaintext)).scope).toBe("treasure:read")
  })

  it("is refused while the owner is inactive", async () => {
    const admin = await Client.signedIn(demo.publicUrl, "admin")
    const other = await Client.signedIn(demo.publicUrl, "other")
    const { plaintext } = await other.issue()
    const { id } = (await other.get("/api/me")).body.owner
    await admin.patch(`/api/users/${id}`, { active: false })
    await expect(exchange(plaintext)).rejects.toMatchObject(refused)
    await admin.patch(`/api/users/${id}`, { active: true })
    expect((await exchange(plaintext)).expires_in).toBe(300)
  })

  it("is refused for an expired token, whose JWT doesn't outlive it", () =>
    withClock(async (pass) => {
      const { plaintext } = await owner.issue({ expiresIn: "1 hour" })
      pass(3600 - 120)
      expect((await exchange(plaintext)).expires_in).toBe(120)
      pass(120)
      await expect(exchange(plaintext)).rejects.toMatchObject(refused)
    }))

  it.each([
    ["a second grant", "grant_type=refresh_token", 400, "invalid_request"],
    ["more than 16 KiB", `scope=${"a".repeat(17_000)}`, 413, "invalid_request"],
    ["bytes that are not UTF-8", "\udc80", 400, "invalid_request"],
  ])("is refused with %s beside it", async (_, more, status, error) => {
    const encoded = new URLSearchParams({ grant_type: tokenExchangeGrant, audience }).toString()
    const body = Buffer.from(`${encoded}&${more}`, "latin1")
    const response = await fetch(`${demo.publicUrl}/oauth/token`, {
      method: "POST",
      body,
      headers: { "Content-Type": formType },
    })
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ error })])
  })
})

/** Runs while `Date` stands still; `pass` lets seconds go by. */
const withClock = async (run: (pass: (seconds: number) => void) => Promise<void>): Promise<void> => {
  vi.useFakeTimers({ toFake: ["Date"] })
  try {
    await run((seconds) => void vi.setSystemTime(Date.now() + seconds * 1000))
  } finally {
    vi.useRealTimers()
  }
}

describe("a JWT", () => {
  it("of a token revoked right after the exchange is accepted for 305 seconds, as the README says, and no longer", () =>
    withClock(async (pass) => {
      const { plaintext, token } = await owner.issue()
      const { access_token: jwt } = await exchange(plaintext)
      await owner.delete(`/api/tokens/${token.id}`)
      const verifier = verifierAt(demo.publicUrl)
      pass(304)
      expect(await verifier.verify(jwt)).toMatchObject({ accepted: true })
      pass(1)
      expect(await verifier.verify(jwt)).toMatchObject({ accepted: false, refusal: { _tag: "Expired" } })
      const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")
      expect(/stays\s+valid\s+for\s+at\s+most\s+(\d+)\s+seconds/.exec(readme)?.[1]).toBe("305")
    }))

  it("is refused by every route that takes tokens, and changes no token", async () => {
    const { plaintext, token } = await owner.issue({ scopes: ["treasure:edit", "token:manage"] })
    const { access_token: jwt } = await exchange(plaintext)
    const state = async () => {
      const [{ headers, body }, list] = [await owner.get(`/api/tokens/${token.id}`), await owner.get("/api/tokens")]
      return [headers.get("ETag"), body.history, list.body.items.length]
    }
    const before = await state()
    const guarded = declaredRoutes.filter(({ security }) => security.some(({ scheme }) => scheme === "bearer"))
    expect(guarded.length).toBeGreaterThan(10)
    for (const { method, path, body } of guarded) {
      const address = path.replace(/:\w+/, token.id)
      const example = body && JSON.stringify(body.example)
      const answer = await owner.withToken(jwt).send(method, address, example, body?.mediaType)
      expect([method, path, answer.status]).toEqual([method, path, 401])
    }
    const revoked = await new Client(demo.publicUrl).send("POST", "/oauth/revoke", `token=${jwt}`, formType)
    expect(revoked.status).toBe(200)
    const subject = await owner.withToken(plaintext).send("POST", "/oauth/introspect", `token=${jwt}`, formType)
    expect(subject.body).toEqual({ active: false })
    expect(await state()).toEqual(before)
  })
})

it("rotating keys as described refuses no JWT, even at a verifier that fetched the keys before the new one signed", async () => {
  const file = join(temporaryFolder(), "keys.json")
  const [first, next] = [await SigningKeys.generate(), await SigningKeys.generate("ES256")]
  const configuration = { port: await freePort(), signingKeysFile: file }
  const store = { kind: "sqlite", filename: join(temporaryFolder(), `${randomUUID()}.sqlite`) } as const
  const jwtsOf = async (keys: ReadonlyArray<object>, use: (restarted: Demo) => Promise<void> = async () => {}) => {
    writeFileSync(file, JSON.stringify({ keys }))
    const restarted = await demoOn(store, configuration)
    const ownedBy = (await restarted.store.accounts.findByEmail("owner@example.test"))?.id ?? ""
    const { plaintext } = await restarted.tokens.issue({ ownedBy, name: "test", scopes: ["treasure:read"] })
    const at = { issuer: restarted.publicUrl, token_endpoint: `${restarted.publicUrl}/oauth/token` }
    const { access_token: jwt } = await exchange(plaintext, {}, at)
    await use(restarted).finally(() => restarted.stop())
    return jwt
  }
  const old = await jwtsOf([first])
  const verifier = verifierAt(`http://127.0.0.1:${configuration.port}`)
  const accepted = async (jwt: string) => (await verifier.verify(jwt)).accepted
  const stillOld = await jwtsOf([first, next], async () => expect(await accepted(old)).toBe(true))
  const fresh = await jwtsOf([next, first])
  for (const jwt of [old, stillOld, fresh]) expect(await accepted(jwt)).toBe(true)
  await jwtsOf([next], async ({ publicUrl }) => {
    const later = verifierAt(publicUrl)
    expect((await later.verify(fresh)).accepted).toBe(true)
    expect((await later.verify(old)).accepted).toBe(false)
    const { headers, body } = await new Client(publicUrl).get("/oauth/jwks")
    expect(headers.get("Cache-Control")).toBe("public, max-age=300")
    expect(body.keys.map(({ kid, d }: { kid: string; d?: string }) => [kid, d])).toEqual([[next.kid, undefined]])
  })
})

it.each([
  ["is missing", undefined, /must name a readable JWK set/],
  ["is not JSON", "secret", /must name a readable JWK set/],
  ["has no keys", '{"keys":[]}', /must name a readable JWK set/],
  ["begins with something else", '{"keys":["secret"]}', /is not usable: .*signing/],
])("a file of keys that %s is refused in one line, which quotes nothing of it", async (_, content, message) => {
  const signingKeysFile = join(temporaryFolder(), "keys.json")
  if (content !== undefined) writeFileSync(signingKeysFile, content)
  const started = demoOn({ kind: "memory" }, { signingKeysFile })
  onTestFinished(async () => (await started.catch(() => undefined))?.stop())
  const line = await started.then(() => "started", String)
  expect(line).toMatch(message)
  expect(line).not.toMatch(/\n|secret/)
})
