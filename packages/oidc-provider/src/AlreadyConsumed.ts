/** A single-use code or refresh token was used before. */

/**
 * Reject with it from your adapter's `consume` if the record is consumed already, decided atomically. `issueApiTokens` then
 * answers `invalid_grant`, so that of concurrent uses of a code one succeeds.
 */
export class AlreadyConsumed extends Error {
  override readonly name = "AlreadyConsumed"

  constructor() {
    super("This code or refresh token was already used")
  }
}
