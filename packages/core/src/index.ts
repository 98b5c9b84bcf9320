export {
  ApiTokens,
  type ApiTokensOptions,
  type ApiTokensService,
  type AuthorizableCaller,
  type Authorization,
  type Requirement,
} from "./ApiTokens.ts"
export type { SweepOptions } from "./background/scheduledSweeps.ts"
export type { UsageOptions } from "./background/UsageRecorder.ts"
export {
  type ApiTokensError,
  DamagedToken,
  DuplicateToken,
  type ErrorCode,
  errorCodes,
  ExpiryNotHeld,
  InactiveOwner,
  type InputIssue,
  InvalidInput,
  isApiTokensError,
  MissingKeys,
  PolicyViolation,
  RepositoryUnavailable,
  RevisionConflict,
  RevisionMismatch,
  ScopeNotHeld,
  SecretNotActive,
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
export { type AuditEvent, AuditSink, AuditSinkUnavailable } from "./ports/AuditSink.ts"
export { Hasher } from "./ports/Hasher.ts"
export { type OwnerAuthority, OwnerDirectory } from "./ports/OwnerDirectory.ts"
export { makePlaintext } from "./plaintext.ts"
export { SecureRandom } from "./ports/SecureRandom.ts"
export { type IsFollowing, type TokenChangeListener, TokenChanges } from "./ports/TokenChanges.ts"
export { TokenUsageStore } from "./ports/TokenUsageStore.ts"
export {
  type Acting,
  type ActingCaller,
  EditRequest,
  EndGraceRequest,
  ExpiringRequest,
  FindRequest,
  IssueRequest,
  ListRequest,
  parseRequest,
  PurgeRequest,
  RevokeAllIssuedToRequest,
  RevokeIssuedToRequest,
  RevokeOwnedByRequest,
  RevokeRequest,
  RevokeUnusedRequest,
  RotateRequest,
} from "./requests.ts"
export {
  ApiToken,
  type ApiTokenFields,
  diedAt,
  earliestExpiry,
  type Revocation,
  type Rotation,
  stateOf,
  type TokenState,
  type VerifiableToken,
} from "./token/ApiToken.ts"
export { type Actor, type Attribution, type Origin, unattributed } from "./token/Attribution.ts"
export { type Caller, missingScopes, type ScopeHolder, type ScopeSide } from "./token/Caller.ts"
export { Change, type ChangeKind } from "./token/Change.ts"
export {
  anyValue,
  checkOptions,
  isBoolean,
  isFunction,
  isObject,
  isOneOf,
  isText,
  type OptionRule,
  type OptionRules,
} from "./token/OptionRules.ts"
export { type DurationBounds, type DurationOption, durationOption } from "./token/DurationOption.ts"
export { Digest } from "./token/Digest.ts"
export { Instant } from "./token/Instant.ts"
export { KeyRing, type KeyRingOptions } from "./token/KeyRing.ts"
export { Lifetime } from "./token/Lifetime.ts"
export { OwnerId } from "./token/OwnerId.ts"
export type { MissingScope, Refusal, Side } from "./token/Refusal.ts"
export { Scope } from "./token/Scope.ts"
export { ScopeCatalogue, type ScopeDeclaration, type ScopeOf } from "./token/ScopeCatalogue.ts"
export { type KeyId, type NewSecret, Secret, type SecretState, type VerifiableSecret } from "./token/Secret.ts"
export { Secrets } from "./token/Secrets.ts"
export { SecretUsage } from "./token/SecretUsage.ts"
export { hintOf, type TokenFlaw, TokenFormat } from "./token/TokenFormat.ts"
export { TokenId } from "./token/TokenId.ts"
export { TokenName } from "./token/TokenName.ts"
export { type RequestedExpiry, type ReuseResponse, TokenPolicy, type TokenPolicyOptions } from "./token/TokenPolicy.ts"
export { holdsToken, maskTokens } from "./token/tokensInText.ts"
export { TokenUsage } from "./token/TokenUsage.ts"
export type { Issued } from "./use-cases/issuing.ts"
export type { Page } from "./use-cases/reading.ts"
export type { CacheOptions } from "./verifying/LookUpCache.ts"
export type { EffectiveState } from "./verifying/effectiveState.ts"
export type { Verdict } from "./verifying/verifying.ts"
