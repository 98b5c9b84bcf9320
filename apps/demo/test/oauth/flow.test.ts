/** The authorization code flow with a foreign client over HTTP: what apps get, and how it ends. */
import * as oauth from "oauth4webapi"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { Demo } from "../../src/Demo.ts"
import { Client } from "../Client.ts"
import { allStores, demoOn } from "../demos.ts"
import { App, Person, redirectUri } from "./App.ts"

const invalidGrant = { error: "invalid_grant", status: 400 }

describe.each(allStores)("on %s", (_, location) => {
  let demo: Demo
  let owner: Client
  let admin: Client
  let person: Person
  let app: App

  beforeAll(async () => {
    demo = await demoOn(await location())
    owner = await Client.signedIn(demo.publicUrl, "owner")
    admin = await Client.signedIn(demo.publicUrl, "admin")
    person = await Person.signedIn(demo.publicUrl, "owner")
    app = await App.registered(demo.publicUrl)
  })
  afterAll(() => demo.stop())

  const statusOf = async (token: string) => (await owner.withToken(token).get("/api/treasures")).status
  const tokenOf = async (plaintext: string) => {
    const { caller } = (await demo.tokens.inspect(plaintext)) as { caller: { tokenId: string; ownedBy: string } }
    return demo.tokens.find({ id: caller.tokenId, ownedBy: caller.ownedBy })
  }

  describe("a person who lets an app in", () => {
    it("gives it an API token like any other, and a refresh token", async () => {
      const granted = await app.redeem(await app.letInBy(person, { scope: "treasure:read treasure:create" }))
      expect(granted).toMatchObject({
        token_type: "bearer",
        scope: "treasure:read treasure:create",
        expires_in: expect.closeTo(90 * 24 * 60 * 60, -2),
        access_token: expect.stringMatching(/^tcp_/),
        refresh_token: expect.any(String),
      })
      expect(await statusOf(granted.access_token)).toBe(200)
      const token = await tokenOf(granted.access_token)
      expect(token).toMatchObject({ name: "Chart plotter", issuedTo: app.client.client_id })
      expect(token.history[0]).toMatchObject({
        kind: "issued",
        actor: { kind: "person", id: token.ownedBy },
        origin: { address: "127.0.0.1" },
      })
    })

    it("can take scopes away on the page, in the catalogue's words", async () => {
      const { path, verifier, state } = await app.authorizationUrl({ scope: "treasure:read treasure:delete" })
      const page = await person.opens(path)
      expect(page.html).toContain("Delete your treasures")
      const at = await person.decides(page, "allow", ["treasure:delete"])
      const { scope, access_token: token } = await app.redeem({ at, verifier, state })
      expect(scope).toBe("treasure:read")
      expect((await owner.withToken(token).delete("/api/treasures/any")).status).toBe(403)
    })

    it("can't give scopes that their account doesn't have", async () => {
      const { path } = await app.authorizationUrl({ scope: "treasure:read token:introspect" })
      const { html } = await person.opens(path)
      expect(html).toContain("Your account can&#39;t do this itself.")
      const granted = await app.redeem(await app.letInBy(person, { scope: "treasure:read token:introspect" }))
      expect(granted.scope).toBe("treasure:read")
    })

    it("signs in first, if they haven't", async () => {
      const newcomer = Person.signedOut(demo.publicUrl)
      const { path } = await app.authorizationUrl()
      const page = await newcomer.opens(path)
      expect([page.path, page.html]).toEqual([
        expect.stringMatching(/^\/login\?next=/),
        expect.stringContaining("Sign in"),
      ])
    })

    it("types their password again if the app demands it (prompt=login)", async () => {
      const { path } = await app.authorizationUrl({ parameters: { prompt: "login" } })
      const asked = await person.opens(path)
      expect(asked.path).toMatch(/^\/login\?next=/)
      await person.signsInAs("owner")
      const { path: back } = await person.opens(decodeURIComponent(asked.path.slice("/login?next=".length)))
      expect(back).toMatch(/^\/settings\/apps\/authorize\//)
    })

    it("is asked again as someone else after signing in as someone else in the same browser", async () => {
      const browser = await Person.signedIn(demo.publicUrl, "owner")
      await app.letInBy(browser)
      await browser.signsInAs("other")
      const granted = await app.redeem(await app.letInBy(browser))
      const { email } = (await owner.withToken(granted.access_token).get("/api/me")).body.owner
      expect(email).toBe("other@example.test")
    })

    it("or declines: the app gets access_denied and no code", async () => {
      const { path } = await app.authorizationUrl()
      const at = await person.decides(await person.opens(path), "decline")
      expect(Object.fromEntries(at.searchParams)).toMatchObject({ error: "access_denied", iss: demo.publicUrl })
      expect(at.searchParams.has("code")).toBe(false)
    })
  })

  describe("refused", () => {
    it("a redirect address that isn't the app's, without redirecting there", async () => {
      const { path } = await app.authorizationUrl({ parameters: { redirect_uri: "http://127.0.0.1:9/elsewhere" } })
      const page = await person.opens(path)
      expect([page.status, page.leavesFor]).toEqual([400, undefined])
      expect(page.html).toContain("invalid_redirect_uri")
    })

    it("an unknown app", async () => {
      const { path } = await app.authorizationUrl({ parameters: { client_id: "nobody" } })
      expect(await person.opens(path)).toMatchObject({ status: 400, leavesFor: undefined })
    })

    it.each([
      ["no PKCE", { code_challenge: "", code_challenge_method: "" }, "invalid_request"],
      ["PKCE without a hash", { code_challenge_method: "plain" }, "invalid_request"],
      ["another resource (RFC 8707)", { resource: "https://elsewhere.example" }, "invalid_target"],
      ["a token without a code", { response_type: "token" }, "unsupported_response_type"],
      ["no scope that exists", { scope: "treasure:bury" }, "invalid_scope"],
      ["no scope", { scope: "" }, "invalid_scope"],
      ["OpenID Connect", { scope: "openid treasure:read" }, "invalid_scope"],
    ])("%s", async (_, parameters, error) => {
      const { path } = await app.authorizationUrl({ parameters })
      const { leavesFor } = await person.opens(path)
      const returned = new URLSearchParams(leavesFor?.search || leavesFor?.hash.slice(1))
      expect(returned.get("error")).toBe(error)
    })

    it("a code with the wrong verifier", async () => {
      const returned = await app.letInBy(person)
      const redeemed = app.redeem({ ...returned, verifier: oauth.generateRandomCodeVerifier() })
      await expect(redeemed).rejects.toMatchObject(invalidGrant)
    })

    it("a code without a verifier", async () => {
      const response = await app.send({ ...(await app.letInBy(person)), verifier: oauth.nopkce })
      expect([response.status, await response.json()]).toEqual([
        400,
        expect.objectContaining({ error: "invalid_grant" }),
      ])
    })

    it("the code of an app with a secret, without the secret", async () => {
      const secretive = await App.registered(demo.publicUrl, { token_endpoint_auth_method: "client_secret_basic" })
      const impostor = new App(secretive.server, secretive.client, oauth.None())
      const response = await impostor.send(await secretive.letInBy(person))
      expect([response.status, await response.json()]).toEqual([
        401,
        expect.objectContaining({ error: "invalid_client" }),
      ])
    })

    it("by the app itself, an answer of another server (RFC 9207): every answer says whose it is", async () => {
      const returned = await app.letInBy(person)
      const elsewhere = new App({ ...app.server, issuer: "https://elsewhere.example" }, app.client, oauth.None())
      await expect(elsewhere.send(returned)).rejects.toThrow("iss")
      expect(await app.redeem(returned)).toMatchObject({ scope: "treasure:read" })
    })

    it("a code with another redirect address", async () => {
      const response = await app.send(await app.letInBy(person), `${redirectUri}/`)
      expect([response.status, await response.json()]).toEqual([
        400,
        expect.objectContaining({ error: "invalid_grant" }),
      ])
    })

    it("another app's code (RFC 9700 §4.4)", async () => {
      const other = await App.registered(demo.publicUrl)
      await expect(other.redeem(await app.letInBy(person))).rejects.toMatchObject(invalidGrant)
    })

    it("a code that was used already, which ends what it gave (RFC 6749 §4.1.2)", async () => {
      const returned = await app.letInBy(person)
      const granted = await app.redeem(returned)
      expect(await statusOf(granted.access_token)).toBe(200)
      await expect(app.redeem(returned)).rejects.toMatchObject(invalidGrant)
      expect(await statusOf(granted.access_token)).toBe(401)
      await expect(app.refresh(granted.refresh_token ?? "")).rejects.toMatchObject(invalidGrant)
    })

    it("all but one of several concurrent uses of a code", async () => {
      const returned = await app.letInBy(person)
      const responses = await Promise.all(Array.from({ length: 8 }, () => app.send(returned)))
      const succeeded = responses.filter(({ status }) => status === 200)
      // A use that begins after the first has succeeded is a second one, and ends what the first gave.
      expect(succeeded.length).toBeLessThanOrEqual(1)
      const refused = await Promise.all(
        responses.filter(({ status }) => status !== 200).map((response) => response.json() as Promise<object>),
      )
      for (const refusal of refused) expect(refusal).toMatchObject({ error: "invalid_grant" })
    })

    it("a code whose person has disconnected the app meanwhile", async () => {
      const mine = await App.registered(demo.publicUrl)
      const before = await mine.redeem(await mine.letInBy(person))
      const returned = await mine.letInBy(person)
      await person.disconnects(mine.client.client_id)
      await expect(mine.redeem(returned)).rejects.toMatchObject(invalidGrant)
      expect(await statusOf(before.access_token)).toBe(401)
    })
  })

  describe("a refresh", () => {
    it("rotates the same token: its id and scopes stay, its secret is new, its lifetime starts again", async () => {
      const first = await app.redeem(await app.letInBy(person))
      const before = await tokenOf(first.access_token)
      const second = await app.refresh(first.refresh_token ?? "")
      const after = await tokenOf(second.access_token)
      expect(second.access_token).not.toBe(first.access_token)
      expect([after.id, after.scopes]).toEqual([before.id, before.scopes])
      expect(after.expiresAt?.getTime()).toBeGreaterThanOrEqual(before.expiresAt?.getTime() ?? Infinity)
      expect(after.history.at(-1)).toMatchObject({ kind: "rotated" })
      expect(await statusOf(second.access_token)).toBe(200)
    })

    it("keeps a token as narrow as its owner has made it", async () => {
      const first = await app.redeem(await app.letInBy(person, { scope: "treasure:read treasure:create" }))
      const { id } = await tokenOf(first.access_token)
      await owner.patch(`/api/tokens/${id}`, { scopes: ["treasure:read"] })
      const second = await app.refresh(first.refresh_token ?? "")
      expect(second.scope).toBe("treasure:read")
    })

    it("keeps the expiry that its owner has brought forward", async () => {
      const first = await app.redeem(await app.letInBy(person))
      const { id } = await tokenOf(first.access_token)
      await owner.patch(`/api/tokens/${id}`, { expiresIn: "2 days" })
      const second = await app.refresh(first.refresh_token ?? "")
      expect(second.expires_in).toBeLessThanOrEqual(2 * 24 * 60 * 60)
    })

    it("replaces an expired token by one with the same scopes", async () => {
      const first = await app.redeem(await app.letInBy(person))
      const before = await tokenOf(first.access_token)
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 100 * 24 * 60 * 60 * 1000 })
      try {
        const second = await app.refresh(first.refresh_token ?? "")
        const after = await tokenOf(second.access_token)
        expect(after.id).not.toBe(before.id)
        expect(after).toMatchObject({ scopes: before.scopes, issuedTo: before.issuedTo, ownedBy: before.ownedBy })
      } finally {
        vi.useRealTimers()
      }
    })

    it("is refused if scopes are left out, and changes nothing", async () => {
      const first = await app.redeem(await app.letInBy(person, { scope: "treasure:read treasure:create" }))
      const narrower = app.refresh(first.refresh_token ?? "", { scope: "treasure:read" })
      await expect(narrower).rejects.toMatchObject({ error: "invalid_scope" })
    })

    it("with a refresh token that was used before is refused, and ends the grant (RFC 9700 §4.14)", async () => {
      const first = await app.redeem(await app.letInBy(person))
      const second = await app.refresh(first.refresh_token ?? "")
      await expect(app.refresh(first.refresh_token ?? "")).rejects.toMatchObject(invalidGrant)
      expect(await statusOf(second.access_token)).toBe(401)
      await expect(app.refresh(second.refresh_token ?? "")).rejects.toMatchObject(invalidGrant)
    })

    it("with another app's refresh token is refused", async () => {
      const { refresh_token: token = "" } = await app.redeem(await app.letInBy(person))
      const other = await App.registered(demo.publicUrl)
      await expect(other.refresh(token)).rejects.toMatchObject(invalidGrant)
    })

    it("is refused once the owner has revoked the token on their page", async () => {
      const granted = await app.redeem(await app.letInBy(person))
      const { id } = await tokenOf(granted.access_token)
      await owner.delete(`/api/tokens/${id}`)
      await expect(app.refresh(granted.refresh_token ?? "")).rejects.toMatchObject(invalidGrant)
    })

    it("is refused while the owner is deactivated", async () => {
      const other = await Person.signedIn(demo.publicUrl, "other")
      const granted = await app.redeem(await app.letInBy(other))
      const { id } = (await owner.withToken(granted.access_token).get("/api/me")).body.owner
      await admin.patch(`/api/users/${id}`, { active: false })
      try {
        await expect(app.refresh(granted.refresh_token ?? "")).rejects.toMatchObject(invalidGrant)
      } finally {
        await admin.patch(`/api/users/${id}`, { active: true })
      }
    })
  })

  describe("Connected apps", () => {
    it("shows an app, and disconnecting it ends its tokens and refresh tokens at once", async () => {
      const mine = await App.registered(demo.publicUrl, { client_name: "Spyglass" })
      const [one, two] = [await mine.redeem(await mine.letInBy(person)), await mine.redeem(await mine.letInBy(person))]
      expect((await person.opens("/settings/apps")).html).toContain("Spyglass")
      const page = await person.disconnects(mine.client.client_id)
      expect(page.html).not.toContain("Spyglass")
      for (const granted of [one, two]) {
        expect(await statusOf(granted.access_token)).toBe(401)
        await expect(mine.refresh(granted.refresh_token ?? "")).rejects.toMatchObject(invalidGrant)
      }
    })

    it("leaves other people's access alone, until an admin disconnects the app for everyone", async () => {
      const mine = await App.registered(demo.publicUrl, { client_name: "Sextant" })
      const other = await Person.signedIn(demo.publicUrl, "other")
      const administrator = await Person.signedIn(demo.publicUrl, "admin")
      await mine.redeem(await mine.letInBy(person))
      const granted = await mine.redeem(await mine.letInBy(other))
      await person.disconnects(mine.client.client_id)
      expect(await statusOf(granted.access_token)).toBe(200)
      expect((await person.opens("/settings/accounts/apps")).status).toBe(403)
      await administrator.disconnects(mine.client.client_id, "/settings/accounts/apps")
      expect(await statusOf(granted.access_token)).toBe(401)
      await expect(mine.refresh(granted.refresh_token ?? "")).rejects.toMatchObject(invalidGrant)
    })
  })

  describe("revocation and introspection", () => {
    it("a public app revokes its access token, or its refresh token, and is refused with both", async () => {
      for (const kind of ["access_token", "refresh_token"] as const) {
        const granted = await app.redeem(await app.letInBy(person))
        await app.revoke(granted[kind] ?? "")
        expect(await statusOf(granted.access_token)).toBe(401)
        await expect(app.refresh(granted.refresh_token ?? "")).rejects.toMatchObject(invalidGrant)
      }
    })

    it("an app with a secret introspects and revokes its own tokens, and not others'", async () => {
      const secretive = await App.registered(demo.publicUrl, { token_endpoint_auth_method: "client_secret_basic" })
      const mine = await secretive.redeem(await secretive.letInBy(person))
      const others = await app.redeem(await app.letInBy(person))
      expect(await secretive.introspect(mine.access_token)).toMatchObject({
        active: true,
        client_id: secretive.client.client_id,
        scope: "treasure:read",
        iss: demo.publicUrl,
        exp: expect.any(Number),
      })
      expect(await secretive.introspect(mine.refresh_token ?? "")).toMatchObject({ active: true })
      await secretive.revoke(others.access_token)
      expect(await statusOf(others.access_token)).toBe(200)
      await secretive.revoke(mine.refresh_token ?? "")
      expect(await statusOf(mine.access_token)).toBe(401)
      expect(await secretive.introspect(mine.access_token)).toEqual({ active: false })
    })

    it("an app with the wrong secret is invalid_client", async () => {
      const { client } = await App.registered(demo.publicUrl, { token_endpoint_auth_method: "client_secret_basic" })
      const impostor = new App(app.server, client, oauth.ClientSecretBasic("guessed"))
      const response = await impostor.send(await impostor.letInBy(person))
      expect([response.status, await response.json()]).toEqual([
        401,
        expect.objectContaining({ error: "invalid_client" }),
      ])
      const refusal = { cause: [{ scheme: "basic" }] }
      await expect(impostor.introspect("any")).rejects.toMatchObject(refusal)
      await expect(impostor.revoke("any")).rejects.toMatchObject(refusal)
    })

    it("a public app introspects nothing: it can't prove who it is", async () => {
      const { access_token: token } = await app.redeem(await app.letInBy(person))
      await expect(app.introspect(token)).rejects.toMatchObject({ status: 401 })
    })
  })
})
