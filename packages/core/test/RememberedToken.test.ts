import { expect, it } from "@effect/vitest"
import type { OwnerAuthority } from "@tokenry/core"
import type { KeyId, VerifiableToken } from "@tokenry/core/adapter"
import { aDigest, anId, aThumbprint, scopes } from "@tokenry/repository-contract/tokens"
import * as Option from "effect/Option"
import { type Facts, FreshFacts } from "../src/verifying/lookUp.ts"
import { makeRemember } from "../src/verifying/RememberedToken.ts"
import { anApiToken, at } from "./builders.ts"

const secret: Facts["secret"] = { generation: 1, keyId: Option.none(), state: { _tag: "Active" } }
const unlimited: OwnerAuthority = { active: true, scopes: "all" }

/** Only what verifying needs of a token. */
const verifiable = (fields: Parameters<typeof anApiToken>[0] = {}): VerifiableToken => {
  const { id, ownedBy, scopes, expiresAt, revocation, ancestors, boundTo } = anApiToken(fields)
  return { id, ownedBy, scopes, expiresAt, revocation, ancestors, boundTo }
}

const facts = (
  { token = verifiable(), minters = [], owner = unlimited }: Partial<Omit<FreshFacts, "secret">> = {},
  of: Partial<typeof secret> = {},
): Facts => new FreshFacts({ token, secret: { ...secret, ...of } }, minters, owner)

const key = (id: string) => ({ keyId: Option.some(id as KeyId) })

/** Each differs from an ordinary token in a field that sharing could lose. */
const all: ReadonlyArray<Facts> = [
  facts(),
  facts({}, { generation: 2 }),
  facts({}, key("a")),
  facts({}, key("b")),
  facts({}, { generation: 2, ...key("b") }),
  facts({}, { state: { _tag: "Retiring", until: at(5) } }),
  facts({}, { state: { _tag: "Retired", at: at(5) } }),
  facts({ owner: { active: false } }),
  facts({ owner: { active: true, scopes: [] } }),
  facts({ owner: { active: true, scopes: scopes("treasure:read") } }),
  facts({ token: verifiable({ ancestors: [anId(), anId()] }) }),
  facts({ minters: [verifiable()], token: verifiable({ ancestors: [anId()] }) }),
  facts({ token: verifiable({ scopes: [] }) }),
  facts({ token: verifiable({ scopes: scopes("treasure:read", "treasure:edit") }) }),
  facts({ token: verifiable({ expiresAt: Option.some(at(9)) }) }),
  facts({ token: verifiable({ boundTo: Option.some("first-key") }) }),
  facts({ token: verifiable({ boundTo: Option.some(aThumbprint()) }) }),
  facts({ token: verifiable({ revocation: Option.some({ at: at(1), reason: "leaked" }) }) }),
]

const plain = ({
  token: { id, ownedBy, scopes, revocation, ancestors, boundTo },
  expiry,
  secret,
  minters,
  owner,
}: Facts) => ({
  id,
  ownedBy,
  scopes,
  revocation,
  ancestors,
  boundTo,
  expiry,
  secret,
  minters,
  owner,
})

it("a remembered token has the same facts as before, whatever was remembered earlier", () => {
  const remember = makeRemember()
  for (const given of [...all, ...all.toReversed()]) expect(plain(remember(given))).toEqual(plain(given))
})

it("sharing starts over after a thousand different lists of scopes, and stays correct", () => {
  const remember = makeRemember()
  for (let index = 0; index < 2500; index++) {
    const given = facts({ token: verifiable({ scopes: scopes(`scope:${index % 1500}`) }) })
    expect(remember(given).token.scopes).toEqual(given.token.scopes)
  }
})

it("the secret's digest isn't kept", () => {
  const withDigest = { ...secret, digest: aDigest() }
  const remembered = makeRemember()(new FreshFacts({ token: verifiable(), secret: withDigest }, [], unlimited))
  expect(Object.keys(remembered.secret)).toEqual(["generation", "keyId", "state"])
})
