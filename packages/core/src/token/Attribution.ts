/** Who makes a change, and from where. */

/**
 * - `person`: somebody in a session of the surrounding system, by their id there.
 * - `token`: a client, by means of the token with this id.
 * - `sweep`: a periodic task, by its name.
 * - `system`: the application itself; what is assumed when nothing is told.
 */
export type Actor =
  | { readonly kind: "person"; readonly id: string }
  | { readonly kind: "token"; readonly id: string }
  | { readonly kind: "sweep"; readonly id: string }
  | { readonly kind: "system" }

/** From where a request came, as far as it is known. */
export interface Origin {
  /** An IP address. */
  readonly address?: string
  readonly userAgent?: string
}

export interface Attribution {
  readonly actor: Actor
  readonly origin: Origin
}

/** No one in particular: the application itself, from nowhere that is known. */
export const unattributed: Attribution = { actor: { kind: "system" }, origin: {} }
