import { expect, it } from "@effect/vitest"
import { bearer, introspection, problemDetails, protectedResourceMetadata, revocation } from "@tokenry/express"
import { openTokens } from "./tokens.ts"

it.each([
  [{ realm: undefined }, "bearer: realm is missing"],
  [{ tokens: undefined }, "bearer: tokens is missing"],
  [{ ondenied: () => undefined }, "bearer: there is no option ondenied; did you mean onDenied?"],
  [{ onDenied: "json" }, "bearer: onDenied is not valid; write onDenied: "],
  [{ onError: true }, "bearer: onError is not valid; write onError: "],
  [{ problemBase: "/problems" }, "problemBase must be an absolute URL"],
])("%o is refused when the guard is made, with advice", async (wrong, message) => {
  const options = { tokens: await openTokens(), realm: "treasures", ...wrong }
  expect(() => bearer(options as never)).toThrow(message)
})

it("the endpoints' options are checked when they are made", async () => {
  const tokens = await openTokens()
  const make = (options: object) => () => introspection({ tokens, realm: "treasures", ...options })
  expect(make({ bodyTimeout: "11 minutes" })).toThrow("bodyTimeout")
  expect(make({ scopeforall: "treasure:read" })).toThrow("did you mean scopeForAll?")
  expect(() => revocation({ tokens, onError: 7 } as never)).toThrow("onError is not valid")
  expect(() => protectedResourceMetadata({ resource: "/api", scopes: [] })).toThrow("resource")
  expect(() => problemDetails({ problemBase: "/problems" })).toThrow("problemBase")
})
