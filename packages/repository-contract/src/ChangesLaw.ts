/** A law every change feed keeps, and how to check it. */
import { ApiTokenRepository, TokenChanges } from "@tokenry/core/adapter"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { type CheckOptions, checkingThrough, type Law, lawAbout } from "./Law.ts"

/** A repository and its change feed, through one connection. */
export interface TokensAndChanges {
  readonly repository: ApiTokenRepository["Service"]
  readonly changes: TokenChanges["Service"]
}

/** The check fails or dies if the feed breaks the law, and says how. */
export type ChangesLaw<Name extends string = string> = Law<Name, TokensAndChanges>

/** Defines a law about a feed. */
export const changesLaw = lawAbout<TokensAndChanges>()

type Services = ApiTokenRepository | TokenChanges

/**
 * Builds the layer anew, checks one law of the feed on it, and releases it. Fails with what the layer fails with, and
 * fails or dies if the law is broken. Give `alsoThrough`: a feed reports what other connections change.
 */
export const checkChangesLaw: (
  law: ChangesLaw,
  layer: Layer.Layer<Services, unknown>,
  options: CheckOptions<Services>,
) => Effect.Effect<void, unknown> = checkingThrough((services: Context.Context<Services>) => ({
  repository: Context.get(services, ApiTokenRepository),
  changes: Context.get(services, TokenChanges),
}))
