/** Who made a change, and from where. */

/**
 * - `person`: a signed-in person, by their id in the surrounding system.
 * - `token`: a client using the token with this id.
 * - `sweep`: a periodic task, by name.
 * - `system`: the application itself. The default.
 */
export type Actor =
  | { readonly kind: "person"; readonly id: string }
  | { readonly kind: "token"; readonly id: string }
  | { readonly kind: "sweep"; readonly id: string }
  | { readonly kind: "system" }

/** Where a request came from, as far as known. */
export interface Origin {
  /** An IP address. */
  readonly address?: string
  readonly userAgent?: string
}

export interface Attribution {
  readonly actor: Actor
  readonly origin: Origin
}

/** The default: the application itself, origin unknown. */
export const unattributed: Attribution = { actor: { kind: "system" }, origin: {} }
