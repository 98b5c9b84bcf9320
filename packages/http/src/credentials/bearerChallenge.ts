/** Builds the challenge of RFC 6750 §3: the WWW-Authenticate value that says how to authenticate. */
import { Scope } from "@tokenry/core/adapter"

/** The error codes of RFC 6750 §3.1. */
export type BearerError = "invalid_request" | "invalid_token" | "insufficient_scope"

export interface BearerChallenge {
  /** What is protected, for people: one or more printable ASCII characters. */
  readonly realm: string
  /** Omitted for a request without credentials (RFC 6750 §3.1). */
  readonly error?: BearerError
  /** For developers, not for users: printable ASCII without `"` and `\`. */
  readonly errorDescription?: string
  /** The required scopes, not the missing ones. If empty, the parameter is omitted. */
  readonly scopes?: ReadonlyArray<string>
  /** The URL of the protected resource's metadata (RFC 9728 §5.1): absolute, http or https. */
  readonly resourceMetadata?: string | undefined
}

/**
 * The challenge: `Bearer realm="treasures"`. Every parameter is a quoted-string of its allowed characters. Never pass
 * it anything from a client.
 *
 * @throws Error if a value contains characters its parameter can't have. Build one challenge with your realm at
 *   startup, so that a mistake shows early.
 */
export const bearerChallenge = (challenge: BearerChallenge): string => `Bearer ${challengeParameters(challenge)}`

export const challengeParameters = ({
  realm,
  error,
  errorDescription,
  scopes = [],
  resourceMetadata,
}: Omit<BearerChallenge, "error"> & { readonly error?: string | undefined }): string => {
  const parameters = [`realm="${quotedRealm(realm)}"`]
  if (error !== undefined) parameters.push(`error="${described("error", error)}"`)
  if (errorDescription !== undefined) {
    parameters.push(`error_description="${described("error_description", errorDescription)}"`)
  }
  if (scopes.length > 0) parameters.push(`scope="${scopes.map(scopeToken).join(" ")}"`)
  if (resourceMetadata !== undefined) parameters.push(`resource_metadata="${metadataUrl(resourceMetadata)}"`)
  return parameters.join(", ")
}

/** The content of a quoted-string (RFC 9110 §5.6.4). */
const quotedRealm = (realm: string): string => {
  if (!/^[\x20-\x7e]+$/.test(realm)) throw new Error("The realm must be one or more printable ASCII characters")
  return realm.replace(/["\\]/g, String.raw`\$&`)
}

/** RFC 6750 §3: `error` and `error_description` have no quote and no backslash, escaped or not. */
const described = (parameter: string, value: string): string => {
  if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) {
    throw new Error(`${parameter} must be one or more printable ASCII characters other than " and \\ (RFC 6750 §3)`)
  }
  return value
}

const scopeToken = (scope: string): string => {
  if (!Scope.is(scope)) throw new Error(`${JSON.stringify(scope)} is not an RFC 6749 scope-token`)
  return scope
}

/** A URL has neither quotes nor backslashes (RFC 3986 §2), so nothing in it needs escaping in a quoted-string. */
const metadataUrl = (url: string): string => {
  if (!/^https?:\/\/[\x21\x23-\x5b\x5d-\x7e]+$/.test(url) || !URL.canParse(url)) {
    throw new Error('resourceMetadata must be an absolute http or https URL without spaces, " and \\')
  }
  return url
}
