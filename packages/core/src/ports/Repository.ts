/** The repository as the core uses it. */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { RepositoryUnavailable } from "../errors.ts"
import type { ApiToken } from "../token/ApiToken.ts"
import type { ApiTokenRepository } from "./ApiTokenRepository.ts"

/** Opening a stream is an effect, because it loads `effect/Stream`. */
export type Repository = Omit<Required<ApiTokenRepository["Service"]>, StreamName> & {
  readonly [Name in StreamName]: ApiTokenRepository["Service"][Name] extends (...given: infer Given) => TokenStream
    ? (...given: Given) => Effect.Effect<TokenStream>
    : Effect.Effect<TokenStream>
}

type StreamName = "liveCreatedBefore" | "expiringBetween" | "withKey" | "undelivered"
export type TokenStream = Stream.Stream<ApiToken, RepositoryUnavailable>
