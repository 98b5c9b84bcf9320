/** A law every usage store keeps, and how to check it. */
import { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { type CheckOptions, checkingThrough, type Law, lawAbout } from "./Law.ts"

/** A repository and its usage store, through one connection. */
export interface TokensAndUses {
  readonly repository: ApiTokenRepository["Service"]
  readonly usage: TokenUsageStore["Service"]
}

/** The check fails or dies if the store breaks the law, and says how. */
export type UsageLaw<Name extends string = string> = Law<Name, TokensAndUses>

/** Defines a law about a usage store. */
export const usageLaw = lawAbout<TokensAndUses>()

type Services = ApiTokenRepository | TokenUsageStore

/**
 * Builds the layer anew, checks one law of the record of uses on it, and releases it. Fails with what the layer fails
 * with, and fails or dies if the law is broken.
 *
 *     const exit = yield* Effect.exit(checkUsageLaw(usageLawNamed("a use recorded twice counts twice"), layer))
 */
export const checkUsageLaw: (
  law: UsageLaw,
  layer: Layer.Layer<Services, unknown>,
  options?: CheckOptions<Services>,
) => Effect.Effect<void, unknown> = checkingThrough((services: Context.Context<Services>) => ({
  repository: Context.get(services, ApiTokenRepository),
  usage: Context.get(services, TokenUsageStore),
}))
