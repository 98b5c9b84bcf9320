/** What the use cases of the core fail with, as one union. */
import type {
  DuplicateToken,
  ExpiryNotHeld,
  InactiveOwner,
  InvalidInput,
  PolicyViolation,
  RepositoryUnavailable,
  RevisionConflict,
  RevisionMismatch,
  ScopeNotHeld,
  SecretNotActive,
  TokenNotFound,
  TokenNotLive,
} from "@tokenry/core"

export type CoreError =
  | DuplicateToken
  | ExpiryNotHeld
  | InactiveOwner
  | InvalidInput
  | PolicyViolation
  | RepositoryUnavailable
  | RevisionConflict
  | RevisionMismatch
  | ScopeNotHeld
  | SecretNotActive
  | TokenNotFound
  | TokenNotLive

/**
 * Whether the value is an error of the core. Told by its tag and its fields, not by its class, of which there are two if
 * an application has two copies of the core.
 */
export const isCoreError = (value: unknown): value is CoreError => {
  if (!(value instanceof Error) || !("_tag" in value) || typeof value._tag !== "string") return false
  return Object.hasOwn(hasFields, value._tag) && hasFields[value._tag as CoreError["_tag"]](value)
}

const hasFields: Record<CoreError["_tag"], (error: object) => boolean> = {
  DuplicateToken: (error) => "id" in error,
  ExpiryNotHeld: (error) => "field" in error && isString(error.field) && "latest" in error && isInstant(error.latest),
  InactiveOwner: (error) => "ownedBy" in error,
  InvalidInput: (error) => "issues" in error && isListOf(error.issues, isIssue),
  PolicyViolation: (error) => "issues" in error && isListOf(error.issues, isIssue),
  RepositoryUnavailable: (error) => "operation" in error,
  RevisionConflict: (error) => "id" in error,
  RevisionMismatch: (error) => "id" in error,
  ScopeNotHeld: (error) => "scopes" in error && isListOf(error.scopes, isString),
  SecretNotActive: (error) => "tokenId" in error,
  TokenNotFound: (error) => "id" in error,
  TokenNotLive: (error) => "id" in error && "state" in error && isString(error.state),
}

const isString = (value: unknown): boolean => typeof value === "string"

const isInstant = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  "epochMilliseconds" in value &&
  Number.isFinite(value.epochMilliseconds)

const isListOf = (value: unknown, isElement: (element: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every((element) => isElement(element))

const isIssue = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  "path" in value &&
  isListOf(value.path, isString) &&
  "message" in value &&
  isString(value.message)
