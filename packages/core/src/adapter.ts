/** What authors of stores and framework adapters need besides the main entry point. */
export { ListCursor } from "./use-cases/ListCursor.ts"
export {
  ApiTokenRepository,
  type FoundToken,
  type ListPosition,
  type ListQuery,
  type ListState,
  type Replacement,
} from "./ports/ApiTokenRepository.ts"
export { Hasher } from "./ports/Hasher.ts"
export { makePlaintext } from "./use-cases/plaintext.ts"
export { replacingMany } from "./ports/replacingMany.ts"
export { SecureRandom } from "./ports/SecureRandom.ts"
export { type IsFollowing, type TokenChangeListener, TokenChanges } from "./ports/TokenChanges.ts"
export { TokenUsageStore } from "./ports/TokenUsageStore.ts"
export {
  type ApiTokenFields,
  diedAt,
  earliestExpiry,
  LookedUpToken,
  type Rotation,
  stateOf,
  type VerifiableToken,
} from "./token/ApiToken.ts"
export { unattributed } from "./token/Attribution.ts"
export { Change } from "./token/Change.ts"
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
export { type DurationBounds, durationOption } from "./token/DurationOption.ts"
export { Digest } from "./token/Digest.ts"
export { Instant } from "./token/Instant.ts"
export { KeyBinding, type KeyThumbprint } from "./token/KeyBinding.ts"
export { Lifetime } from "./token/Lifetime.ts"
export { OwnerId } from "./token/OwnerId.ts"
export { Scope } from "./token/Scope.ts"
export { type KeyId, type NewSecret, Secret, type SecretState, type VerifiableSecret } from "./token/Secret.ts"
export { Secrets } from "./token/Secrets.ts"
export { SecretUsage } from "./token/SecretUsage.ts"
export { hintOf } from "./token/TokenFormat.ts"
export { TokenId } from "./token/TokenId.ts"
export { TokenName } from "./token/TokenName.ts"
export type { RequestedExpiry } from "./token/TokenPolicy.ts"
export { holdsToken, maskTokens } from "./token/tokensInText.ts"
export { TokenUsage } from "./token/TokenUsage.ts"
export { type PromiseStore, repositoryFromPromises } from "./promise-store/repositoryFromPromises.ts"
export type { StoredChange, StoredSecret, StoredToken } from "./promise-store/StoredToken.ts"
