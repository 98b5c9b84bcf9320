import { describe, expect, it } from "@effect/vitest"
import { ProtectedResourceMetadata } from "@tokenry/http"

const wellKnown = "/.well-known/oauth-protected-resource"

describe("ProtectedResourceMetadata", () => {
  it("is the resource's document (RFC 9728 §2)", () => {
    const { answer } = ProtectedResourceMetadata.make({
      resource: "https://api.example.test",
      scopes: ["treasure:read", "treasure:edit"],
      name: "Treasures",
      documentation: "https://api.example.test/docs",
    })
    expect(answer).toMatchObject({ status: 200, headers: { "Content-Type": "application/json" } })
    expect(JSON.parse(answer.body)).toEqual({
      resource: "https://api.example.test",
      scopes_supported: ["treasure:read", "treasure:edit"],
      bearer_methods_supported: ["header"],
      resource_name: "Treasures",
      resource_documentation: "https://api.example.test/docs",
    })
  })

  it("names the authorization servers that issue its tokens, and refuses anything that isn't an issuer (RFC 9728 §2)", () => {
    const make = (issuer: string) =>
      ProtectedResourceMetadata.make({
        resource: "https://api.example.test",
        scopes: [],
        authorizationServers: [issuer],
      })
    const { answer } = make("https://login.example.test/tenant")
    expect(JSON.parse(answer.body).authorization_servers).toEqual(["https://login.example.test/tenant"])
    for (const wrong of ["login.example.test", "https://login.example.test/?a", "ftp://login.example.test"]) {
      expect(() => make(wrong)).toThrow("authorizationServers must be")
    }
  })

  it("omits what isn't specified, and empty lists (RFC 9728 §3.2)", () => {
    const { answer } = ProtectedResourceMetadata.make({ resource: "https://api.example.test", scopes: [] })
    expect(JSON.parse(answer.body)).toEqual({
      resource: "https://api.example.test",
      bearer_methods_supported: ["header"],
    })
  })

  it.each([
    ["https://api.example.test", "https://api.example.test", wellKnown],
    ["https://api.example.test/", "https://api.example.test", wellKnown],
    ["https://example.test:8443/api", "https://example.test:8443", `${wellKnown}/api`],
    ["https://example.test/a/b/", "https://example.test", `${wellKnown}/a/b/`],
    ["http://127.0.0.1:3000", "http://127.0.0.1:3000", wellKnown],
  ])("comes between the host and the path of %s (RFC 9728 §3.1)", (resource, origin, path) => {
    const metadata = ProtectedResourceMetadata.make({ resource, scopes: [] })
    expect(metadata).toMatchObject({ path, url: origin + path })
    // §3.3: identical to the URL that a client derived the address from.
    expect(JSON.parse(metadata.answer.body).resource).toBe(resource)
  })

  it.each([
    "api.example.test",
    "/api",
    "ftp://api.example.test",
    "https://api.example.test/#a",
    "https://api.example.test/?a",
    "https://user:secret@api.example.test",
    " https://api.example.test",
    "https://",
    "",
  ])("refuses %j as a resource when it is made (RFC 9728 §1.2)", (resource) => {
    expect(() => ProtectedResourceMetadata.make({ resource, scopes: [] })).toThrow("resource must be an absolute")
  })

  it("refuses an invalid scope or page when made", () => {
    const resource = "https://api.example.test"
    expect(() => ProtectedResourceMetadata.make({ resource, scopes: ["a b"] })).toThrow("scope-token")
    expect(() => ProtectedResourceMetadata.make({ resource, scopes: [], documentation: "docs" })).toThrow(
      "documentation",
    )
  })
})
