/** The message of each error. */
import { expect, it } from "vitest"
import {
  DuplicateToken,
  InactiveOwner,
  InvalidInput,
  PolicyViolation,
  RepositoryUnavailable,
  RevisionConflict,
  RevisionMismatch,
  ScopeNotHeld,
  TokenNotFound,
  TokenNotLive,
} from "@tokenry/core"

const issues = [
  { path: [], message: "must be an object" },
  { path: ["scopes", "0"], message: "must be a string" },
]
const cause = new Error("connect ECONNREFUSED 192.0.2.1")

it.each([
  [new InvalidInput({ issues }), "input must be an object; scopes.0 must be a string"],
  [new PolicyViolation({ issues }), "input must be an object; scopes.0 must be a string"],
  [
    new ScopeNotHeld({ scopes: ["a:b", "c:d"], on: "owner" }),
    "The owner can't grant a:b, c:d because it doesn't have it",
  ],
  [new InactiveOwner({ ownedBy: "user-1" }), "The owner is not active"],
  [new TokenNotFound({ id: "7" }), "This owner has no token 7"],
  [new TokenNotFound({ id: "" }), "This owner has no token with this id"],
  [new TokenNotLive({ id: "7", state: "expired" }), "The token 7 is expired, so it can't be changed"],
  [new DuplicateToken({ id: "7" }), "The store already has the id or a digest of token 7"],
  [new RevisionConflict({ id: "7" }), "The token 7 was changed by another request. Read it again"],
  [new RevisionMismatch({ id: "7" }), "The token 7 has changed since the expected revision. Read it again"],
  [new RepositoryUnavailable({ operation: "insert", cause }), "The token store is unavailable (insert)"],
])("an error is an Error with a tag and this message: %s", (error, message) => {
  expect(error).toBeInstanceOf(Error)
  expect(error.name).toBe(error._tag)
  expect(error.message).toBe(message)
  expect(String(error.stack)).toContain(message)
})
