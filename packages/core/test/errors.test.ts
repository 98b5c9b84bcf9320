/** What each error says to who meets it. */
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
  [new ScopeNotHeld({ scopes: ["a:b", "c:d"], on: "owner" }), "The owner does not hold a:b, c:d, so it can't be given"],
  [new InactiveOwner({ ownedBy: "user-1" }), "The owner is not active"],
  [new TokenNotFound({ id: "7" }), "There is no token 7 of this owner"],
  [new TokenNotFound({ id: "" }), "There is no token with such an id of this owner"],
  [new TokenNotLive({ id: "7", state: "expired" }), "The token 7 is expired and can't be changed any more"],
  [new DuplicateToken({ id: "7" }), "The id or a digest of the token 7 is in the store already"],
  [new RevisionConflict({ id: "7" }), "The token 7 was changed by somebody else in the meantime"],
  [new RevisionMismatch({ id: "7" }), "The token 7 has another revision than is expected"],
  [new RepositoryUnavailable({ operation: "insert", cause }), "The token store is not available (insert)"],
])("an error is an Error by its tag, and says: %s", (error, message) => {
  expect(error).toBeInstanceOf(Error)
  expect(error.name).toBe(error._tag)
  expect(error.message).toBe(message)
  expect(String(error.stack)).toContain(message)
})
