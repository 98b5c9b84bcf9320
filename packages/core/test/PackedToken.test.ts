import { inspect } from "node:util"
import { expect, it } from "@effect/vitest"
import type { ApiToken } from "@tokenry/core"
import { Change, unattributed } from "@tokenry/core/adapter"
import {
  aKeyId,
  anId,
  aSecret,
  aThumbprint,
  contentsOf,
  named,
  retired,
  retiring,
  scopes,
} from "@tokenry/repository-contract/tokens"
import * as Option from "effect/Option"
import { PackedToken } from "../src/memory/PackedToken.ts"
import { expiryOf, stateOf } from "../src/token/ApiToken.ts"
import { anApiToken, at, byAlice } from "./builders.ts"

const packed = (token: ApiToken) => new PackedToken(token, token.scopes)

const full = anApiToken({
  name: named("Zoë’s “laptop”"),
  scopes: scopes("treasure:read", "treasure:edit"),
  createdAt: at(1),
  expiresAt: Option.some(at(9)),
  revocation: Option.some({ at: at(3), reason: "leaked" }),
  ancestors: [anId(), anId()],
  issuedTo: Option.some("app-1"),
  boundTo: Option.some(aThumbprint()),
  secrets: [
    aSecret({ generation: 3, keyId: Option.some(aKeyId()) }),
    aSecret({ generation: 2, state: retiring(at(5)) }),
    aSecret({ generation: 1, state: retired(at(2)) }),
  ],
  history: [
    Change.make("issued", at(1), unattributed),
    Change.make("renamed", at(2), byAlice, "was “\ud800”"),
    Change.make("revoked", at(3), byAlice, ""),
  ],
  undelivered: 2,
  revision: 3,
})

it.each([
  ["with every field", full],
  ["with few fields", anApiToken()],
])("a token %s is the same once unpacked", (_, token) => {
  const unpacked = packed(token).unpack()
  expect(contentsOf(unpacked)).toEqual(contentsOf(token))
  expect(Object.keys(unpacked).sort()).toEqual(Object.keys(token).sort())
})

it("each packed secret is found with its token", () => {
  const token = packed(full)
  expect(token.secrets.map(({ secret }) => secret.generation)).toEqual([3, 2, 1])
  for (const [index, found] of token.secrets.entries()) {
    expect(found.token).toBe(token)
    expect(found.secret.digest.hex).toBe(full.secrets[index]?.digest.hex)
  }
})

it("a packed token expires when the token does", () => {
  const token = anApiToken({ expiresAt: Option.some(at(9)) })
  expect(packed(token).expiresAt).toEqual(Option.some(at(9)))
  expect([at(8), at(9)].map((now) => stateOf(packed(token), now))).toEqual(["live", "expired"])
  expect(packed(anApiToken()).expiresAt).toEqual(Option.none())
  expect(expiryOf(packed(anApiToken()))).toBe(Infinity)
})

it("neither printing nor serialising a packed token shows a digest", () => {
  const token = packed(full)
  const shown = inspect(token, { depth: Infinity, showHidden: true, getters: true }) + inspect(token.secrets[1])
  for (const { digest } of full.secrets) expect(shown + JSON.stringify(token)).not.toContain(digest.hex)
})
