/** Writes the challenge of RFC 6750 §3: the value of WWW-Authenticate that says how to authenticate. */
import { Scope } from "@tokenry/core/adapter"

/** The error codes of RFC 6750 §3.1. */
export type BearerError = "invalid_request" | "invalid_token" | "insufficient_scope"

export interface BearerChallenge {
  /** What is protected, in words for people: one or more printable ASCII characters. */
  readonly realm: string
  /** Not for a request without credentials (RFC 6750 §3.1). */
  readonly error?: BearerError
  /** For developers, not for users: printable ASCII without `"` and `\`. */
  readonly errorDescription?: string
  /** What is required, not what is missing. None, no parameter. */
  readonly scopes?: ReadonlyArray<string>
  /** Where the metadata of the protected resource are (RFC 9728 §5.1): an absolute http or https URL. */
  readonly resourceMetadata?: string | undefined
}

/**
 * The challenge, every parameter a quoted-string within its allowed characters: `Bearer realm="treasures"`. Give it
 * nothing that a client sent.
 *
 * @throws Error if a value has characters that its parameter can't have. So make a challenge with your realm when the
 *   application starts.
 */
export const bearerChallenge = ({
  realm,
  error,
  errorDescription,
  scopes = [],
  resourceMetadata,
}: BearerChallenge): string => {
  const parameters = [`realm="${quotedRealm(realm)}"`]
  if (error !== undefined) parameters.push(`error="${described("error", error)}"`)
  if (errorDescription !== undefined) {
    parameters.push(`error_description="${described("error_description", errorDescription)}"`)
  }
  if (scopes.length > 0) parameters.push(`scope="${scopes.map(scopeToken).join(" ")}"`)
  if (resourceMetadata !== undefined) parameters.push(`resource_metadata="${metadataUrl(resourceMetadata)}"`)
  return `Bearer ${parameters.join(", ")}`
}

/** The content of a quoted-string (RFC 9110 §5.6.4). */
const quotedRealm = (realm: string): string => {
  if (!/^[\x20-\x7e]+$/.test(realm)) throw new Error("A realm is one or more printable ASCII characters")
  return realm.replace(/["\\]/g, String.raw`\$&`)
}

/** RFC 6750 §3: `error` and `error_description` have no quote and no backslash, escaped or not. */
const described = (parameter: string, value: string): string => {
  if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) {
    throw new Error(`${parameter} is one or more printable ASCII characters other than " and \\ (RFC 6750 §3)`)
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
    throw new Error('resourceMetadata is an absolute http or https URL, without spaces, " and \\')
  }
  return url
}
