/** What applications need. Stores and framework adapters find more in `@tokenry/core/adapter`. */
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
export { MemoryRepository } from "./memory/MemoryRepository.ts"
export type { ApiTokenRepository } from "./ports/ApiTokenRepository.ts"
export { type AuditEvent, AuditSink, AuditSinkUnavailable } from "./ports/AuditSink.ts"
export { type OwnerAuthority, OwnerDirectory } from "./ports/OwnerDirectory.ts"
export type { ActingCaller } from "./use-cases/requestParts.ts"
export type {
  Acting,
  EditRequest,
  EndGraceRequest,
  ExpiringRequest,
  FindRequest,
  IssueRequest,
  ListRequest,
  PurgeRequest,
  RevokeAllIssuedToRequest,
  RevokeIssuedToRequest,
  RevokeOwnedByRequest,
  RevokeRequest,
  RevokeUnusedRequest,
  RotateRequest,
} from "./use-cases/requests.ts"
export { ApiToken, type Revocation, type TokenState } from "./token/ApiToken.ts"
export type { Actor, Attribution, Origin } from "./token/Attribution.ts"
export { type Caller, missingScopes, type ScopeHolder, type ScopeSide } from "./token/Caller.ts"
export type { ChangeKind } from "./token/Change.ts"
export type { DurationOption } from "./token/DurationOption.ts"
export type { KeyFlaw } from "./token/KeyBinding.ts"
export { KeyRing, type KeyRingOptions } from "./token/KeyRing.ts"
export type { MissingScope, Refusal, Side } from "./token/Refusal.ts"
export { ScopeCatalogue, type ScopeDeclaration, type ScopeOf } from "./token/ScopeCatalogue.ts"
export { type TokenFlaw, TokenFormat } from "./token/TokenFormat.ts"
export { type ReuseResponse, TokenPolicy, type TokenPolicyOptions } from "./token/TokenPolicy.ts"
export type { Issued } from "./use-cases/issuing.ts"
export type { Page } from "./use-cases/reading.ts"
export type { CacheOptions } from "./verifying/LookUpCache.ts"
export type { EffectiveState } from "./verifying/effectiveState.ts"
