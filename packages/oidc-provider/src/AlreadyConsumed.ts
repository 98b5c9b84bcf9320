/** A single-use code or refresh token was used before. */

/**
 * Reject with it from your adapter's `consume` if the record is consumed already. `issueApiTokens` then ends the grant and
 * answers `invalid_grant`, so that of two concurrent uses of a code at most one succeeds.
 */
export class AlreadyConsumed extends Error {
  override readonly name = "AlreadyConsumed"

  constructor() {
    super("This code or refresh token was already used")
  }
}
