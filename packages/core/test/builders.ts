/** Test data on the clock of the core's tests. Ids and digests differ unless specified. */
import { hash } from "node:crypto"
import { type ApiToken, type Attribution, ScopeCatalogue } from "@tokenry/core"
import { type ApiTokenFields, Digest, Instant } from "@tokenry/core/adapter"
import { anId, aToken, owner } from "@tokenry/repository-contract/tokens"
import * as DateTime from "effect/DateTime"

/** This many milliseconds after the start of `TestClock`. */
export const at = (milliseconds: number): DateTime.Utc => DateTime.makeUnsafe(milliseconds)

/** The instant that an RFC 3339 string names. */
export const instant = (text: string): DateTime.Utc => {
  const parsed = Instant.parse(text)
  if (parsed === undefined) throw new Error(`${text} isn't an instant`)
  return parsed
}

export const hour = 3_600_000
export const day = 24 * hour

/** `edit` implies `read`; `manage` implies `edit`, and so `read`; `delete` implies nothing. */
export const catalogue: ScopeCatalogue = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:edit": { description: "Change treasures", implies: ["treasure:read"] },
  "treasure:manage": { description: "Do everything with treasures", implies: ["treasure:edit"] },
  "treasure:delete": "Delete treasures",
})

export const digestOf = (plaintext: string): Digest => Digest.fromHex(hash("sha256", plaintext, "hex"))

/** A live token of `user-1`, issued when `TestClock` starts, that never expires, unless the fields differ. */
export const anApiToken = (fields: Partial<ApiTokenFields> = {}): ApiToken => {
  const createdAt = fields.createdAt ?? at(0)
  return aToken({ id: anId(createdAt), ownedBy: owner("user-1"), ...fields, createdAt })
}

export const byAlice: Attribution = {
  actor: { kind: "person", id: "alice" },
  origin: { address: "192.0.2.1", userAgent: "Browser/1" },
}
