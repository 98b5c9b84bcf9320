/** A rule about bearer tokens over HTTP: its source, a request as bytes on the wire, and the expected response. */
import type { ProblemSlug } from "@tokenry/http"

export interface Rule {
  /** The RFC and section. */
  readonly source: string
  /** What is sent, or what follows from it. Completes the test's name. */
  readonly rule: string
  /**
   * The lines of the head, without `Host` and `Connection: close`. `{good}` and the like stand for tokens (see
   * `sentTokens.ts`), `{a×5000}` for a character repeated 5,000 times.
   */
  readonly request: ReadonlyArray<string>
  /** The body. Its Content-Length is added. */
  readonly body?: string
  /** Whether the client never closes the connection, as when a body never arrives. */
  readonly staysOpen?: true
  readonly answer: ExpectedAnswer
}

/** A field that isn't listed may have any value; `null` means there is no such header. */
export interface ExpectedAnswer {
  /** A list where the adapter may choose. */
  readonly status: number | ReadonlyArray<number>
  /** WWW-Authenticate. `…` stands for any text the parameter may contain. */
  readonly challenge?: string | null
  readonly cacheControl?: string | null
  /** Fields that Vary must include, separated by commas. */
  readonly vary?: string
  /** The type of the problem in the body. */
  readonly problem?: ProblemSlug
  /** The problem's `scopes`. */
  readonly scopes?: ReadonlyArray<string>
  /** The complete body. */
  readonly text?: string
  /** Other headers, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Makes rules whose response varies on these fields; those without say so in each answer. */
export const rulesVaryingOn =
  (vary?: string) =>
  (
    source: string,
    rule: string,
    fields: ReadonlyArray<string>,
    answer: ExpectedAnswer,
    requestLine = "GET / HTTP/1.1",
  ): Rule => ({
    source,
    rule,
    request: [requestLine, ...fields],
    answer: vary === undefined ? answer : { ...answer, vary },
  })

export const realm = "treasures"
export const problemBase = "https://api.example.test/problems/"

const refusing = { cacheControl: "no-store", vary: "Authorization" }

/** No credentials. */
export const credentialsRequired: ExpectedAnswer = {
  status: 401,
  challenge: `Bearer realm="${realm}"`,
  problem: "credentials-required",
  ...refusing,
}

/** Credentials that break the grammar. */
export const malformed: ExpectedAnswer = {
  status: 400,
  challenge: `Bearer realm="${realm}", error="invalid_request", error_description="…"`,
  problem: "malformed-credentials",
  ...refusing,
}

/** A token that isn't accepted, whatever the reason. */
export const refused: ExpectedAnswer = {
  status: 401,
  challenge: `Bearer realm="${realm}", error="invalid_token", error_description="…"`,
  problem: "token-refused",
  ...refusing,
}

/** The same at `/hoard`, whose scopes its own guard names. A guard before it doesn't know them. */
export const namingScopes = (answer: ExpectedAnswer): ExpectedAnswer => ({
  ...answer,
  challenge: `${answer.challenge}[, scope="treasure:read treasure:delete"]`,
})

/** A token that lacks a scope of `/hoard`. */
export const lacksScope: ExpectedAnswer = {
  status: 403,
  challenge: `Bearer realm="${realm}", error="insufficient_scope", error_description="…", scope="treasure:read treasure:delete"`,
  problem: "insufficient-scope",
  scopes: ["treasure:read", "treasure:delete"],
  ...refusing,
}

/** The response to an admitted caller. */
export const accepted = (text: string): ExpectedAnswer => ({
  status: 200,
  challenge: null,
  cacheControl: null,
  vary: "Authorization",
  text,
})

/** What Node's parser answers before the application sees the request. */
export const unparsable = (status: number): ExpectedAnswer => ({ status, challenge: null })
