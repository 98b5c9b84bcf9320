/** A law of the use cases over a store: holds under concurrency, across connections. */
import { ApiTokens, ScopeCatalogue } from "@tokenry/core"
import type { ApiTokenRepository, TokenUsageStore } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { checkingThrough, type Law, lawAbout } from "../Law.ts"

/** The layer's services that these laws are about. */
export type Stores = ApiTokenRepository | TokenUsageStore

/** `treasure:edit` implies `treasure:read`. */
const scopes = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:edit": { description: "Change treasures", implies: ["treasure:read"] },
})

export type ServiceLaw<Name extends string = string> = Law<Name, Context.Context<Stores>>

export const serviceLaw = lawAbout<Context.Context<Stores>>()

/** Builds the layer anew, checks one law of the use cases, and releases the layer; otherwise like `checkLaw`. */
export const checkServiceLaw = checkingThrough<Stores, Context.Context<Stores>>((services) => services)

/** The use cases over these stores, without a cache, until the scope closes. Uses are written by `flush` alone. */
export const serviceOver = (stores: Context.Context<Stores>) =>
  Effect.map(
    Layer.build(
      ApiTokens.layer({ catalogue: scopes, usage: { interval: "1 day" } }).pipe(
        Layer.provide([NodeCrypto.layer, Layer.succeedContext(stores)]),
      ),
    ),
    Context.get(ApiTokens),
  )
