/** Describes a protected resource, and how to send it a token, to clients (RFC 9728). */
import { checkOptions, isText, type OptionRules, Scope } from "@tokenry/core/adapter"
import { dpopRule, type DpopVerifier } from "../guard/DpopVerifier.ts"
import type { HttpAnswer } from "../problems/HttpAnswer.ts"
import { OAuthAnswers } from "./OAuthAnswers.ts"

export interface ProtectedResourceOptions {
  /**
   * The resource's public identifier, never taken from a request. An absolute URL without query, fragment or
   * credentials; https (RFC 9728 §1.2), or http for local development. Example: `https://api.example.com`
   */
  readonly resource: string
  /** The scopes a client may need. */
  readonly scopes: ReadonlyArray<string>
  /** The issuers of the authorization servers that issue its tokens: absolute URLs. Default: none is named. */
  readonly authorizationServers?: ReadonlyArray<string> | undefined
  /** The guard's `dpop`, to tell clients that the resource accepts DPoP proofs. Default: none. */
  readonly dpop?: Pick<DpopVerifier, "algorithms" | "isRequired"> | undefined
  /** A display name. */
  readonly name?: string | undefined
  /** The absolute URL of a page for developers. */
  readonly documentation?: string | undefined
}

export interface ProtectedResourceMetadata {
  /** The document's URL, for the `resource_metadata` of challenges. */
  readonly url: string
  /** The same without scheme and host. */
  readonly path: string
  /** The document. Public, cacheable for an hour. */
  readonly answer: HttpAnswer
  /** The response to a request with this method: the document for GET and HEAD, else 405. */
  readonly answerTo: (method: string) => HttpAnswer
}

/**
 * The document and its place: `/.well-known/oauth-protected-resource` comes between the resource's host and its path
 * (RFC 9728 §3.1), so that of `https://example.com/api` is at
 * `https://example.com/.well-known/oauth-protected-resource/api`.
 *
 * @throws TypeError that names the option, if one is unknown, missing or of the wrong type; Error if the resource, an
 *   authorization server or the page is not such a URL, or a scope is not a scope-token.
 */
const make = (options: ProtectedResourceOptions): ProtectedResourceMetadata => {
  checkOptions("ProtectedResourceMetadata", options, optionRules, { required: ["resource", "scopes"] })
  const { resource, scopes, authorizationServers = [], dpop, name, documentation } = options
  const { origin, pathname } = resourceUrl(resource)
  const illegal = scopes.find((scope) => !Scope.is(scope))
  if (illegal !== undefined) throw new Error(`scopes: ${JSON.stringify(illegal)} is not an RFC 6749 scope-token`)
  if (documentation !== undefined && webUrl(documentation) === undefined) {
    throw new Error("documentation must be an absolute http or https URL")
  }
  if (!authorizationServers.every((issuer) => webUrl(issuer) !== undefined && !/[?#]/.test(issuer))) {
    throw new Error("authorizationServers must be absolute http or https URLs without query and fragment")
  }
  const path = `/.well-known/oauth-protected-resource${pathname === "/" ? "" : pathname}`
  const document = {
    resource,
    // Empty parameters are omitted (RFC 9728 §3.2).
    ...(authorizationServers.length === 0 ? {} : { authorization_servers: authorizationServers }),
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: ["header"],
    ...(dpop === undefined ? {} : { dpop_signing_alg_values_supported: dpop.algorithms }),
    ...(dpop?.isRequired === true ? { dpop_bound_access_tokens_required: true } : {}),
    ...(name === undefined ? {} : { resource_name: name }),
    ...(documentation === undefined ? {} : { resource_documentation: documentation }),
  }
  const answer: HttpAnswer = {
    status: 200,
    headers: { "Content-Type": "application/json", "Cache-Control": "public, max-age=3600" },
    body: JSON.stringify(document),
  }
  return {
    url: origin + path,
    path,
    answer,
    answerTo: (method) => (methods.includes(method) ? answer : OAuthAnswers.methodNotAllowed(methods)),
  }
}

const methods: ReadonlyArray<string> = ["GET", "HEAD"]

const resourceUrl = (resource: string): URL => {
  const url = webUrl(resource)
  if (url === undefined || /[?#]/.test(resource) || url.username !== "" || url.password !== "") {
    throw new Error("resource must be an absolute http or https URL without query, fragment or credentials")
  }
  return url
}

const webUrl = (text: string): URL | undefined => {
  const url = /^https?:\/\/[\x21-\x7e]+$/.test(text) ? URL.parse(text) : null
  return url ?? undefined
}

const optionRules: OptionRules<ProtectedResourceOptions> = {
  resource: [(value) => typeof value === "string", 'write an absolute URL, as in resource: "https://api.example.com"'],
  scopes: [
    (value) => Array.isArray(value) && value.every((scope) => typeof scope === "string"),
    "write a list of scopes, as in scopes: catalogue.scopes",
  ],
  authorizationServers: [
    (value) => Array.isArray(value) && value.every((issuer) => typeof issuer === "string"),
    'write a list of issuers, as in authorizationServers: ["https://login.example.com"]',
  ],
  dpop: dpopRule,
  name: [isText, 'write a display name, as in name: "Treasures"'],
  documentation: [isText, "write the absolute URL of a page for developers"],
}

export const ProtectedResourceMetadata = { make } as const
