export { ApiTokens, type ApiTokensOptions, type Issued, type Page, type Requirement } from "./ApiTokens.ts"
export {
  DuplicateToken,
  InactiveOwner,
  type InputIssue,
  InvalidInput,
  PolicyViolation,
  RepositoryUnavailable,
  RevisionConflict,
  ScopeNotHeld,
  TokenNotFound,
  TokenNotLive,
} from "./errors.ts"
export { ListCursor } from "./ListCursor.ts"
export { MemoryRepository } from "./memory/MemoryRepository.ts"
export {
  ApiTokenRepository,
  type FoundToken,
  type ListPosition,
  type ListQuery,
  type ListState,
} from "./ports/ApiTokenRepository.ts"
export { Hasher } from "./ports/Hasher.ts"
export { type OwnerAuthority, OwnerDirectory } from "./ports/OwnerDirectory.ts"
export { makePlaintext } from "./plaintext.ts"
export { SecureRandom } from "./ports/SecureRandom.ts"
export {
  EditRequest,
  FindRequest,
  IssueRequest,
  ListRequest,
  NarrowRequest,
  parseRequest,
  RenameRequest,
  RevokeOwnedByRequest,
  RevokeRequest,
  ShortenRequest,
} from "./requests.ts"
export {
  ApiToken,
  type ApiTokenFields,
  diedAt,
  type Revocation,
  stateOf,
  type TokenState,
  type VerifiableToken,
} from "./token/ApiToken.ts"
export { type Actor, type Attribution, type Origin, unattributed } from "./token/Attribution.ts"
export type { Caller } from "./token/Caller.ts"
export { Change, type ChangeKind } from "./token/Change.ts"
export { Digest } from "./token/Digest.ts"
export { Instant } from "./token/Instant.ts"
export { Lifetime } from "./token/Lifetime.ts"
export { OwnerId } from "./token/OwnerId.ts"
export type { Refusal, Side } from "./token/Refusal.ts"
export { Scope } from "./token/Scope.ts"
export { ScopeCatalogue, type ScopeDeclaration } from "./token/ScopeCatalogue.ts"
export { type KeyId, Secret, type SecretState } from "./token/Secret.ts"
export { type TokenFlaw, TokenFormat } from "./token/TokenFormat.ts"
export { TokenId } from "./token/TokenId.ts"
export { TokenName } from "./token/TokenName.ts"
export { type RequestedExpiry, TokenPolicy } from "./token/TokenPolicy.ts"
export { type Deciding, isVerdict, type Verdict } from "./verifying.ts"
