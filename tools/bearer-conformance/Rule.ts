/** What a rule about bearer tokens over HTTP is: where it stands, a request as it goes over the wire, and the answer. */
import type { ProblemSlug } from "@tokenry/http"

export interface Rule {
  /** Where the rule stands. */
  readonly source: string
  /** What is sent, or what follows from it: the end of a test's name. */
  readonly rule: string
  /**
   * The lines of the head; `Host` and `Connection: close` are added. `{good}` and its like stand for tokens (see
   * `sentTokens.ts`), `{a×5000}` for so many of a character.
   */
  readonly request: ReadonlyArray<string>
  /** What follows the head, with its Content-Length. */
  readonly body?: string
  /** Whether the client leaves it to the server to end the connection, as it does if a body never comes. */
  readonly staysOpen?: true
  readonly answer: ExpectedAnswer
}

/** What is not named may be anything; `null` says that there is no such header. */
export interface ExpectedAnswer {
  /** Several where it is for the binding to say. */
  readonly status: number | ReadonlyArray<number>
  /** WWW-Authenticate; `…` stands for any text that a parameter may have. */
  readonly challenge?: string | null
  readonly cacheControl?: string | null
  /** What Vary has among others, as a list with commas. */
  readonly vary?: string
  /** The type of the problem that is the body. */
  readonly problem?: ProblemSlug
  /** What the problem says in `scopes`. */
  readonly scopes?: ReadonlyArray<string>
  /** The body, whole. */
  readonly text?: string
  /** Other headers, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>
}

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

/** A token that is not accepted, for whatever reason. */
export const refused: ExpectedAnswer = {
  status: 401,
  challenge: `Bearer realm="${realm}", error="invalid_token", error_description="…"`,
  problem: "token-refused",
  ...refusing,
}

/** A token that lacks a scope of `/hoard`. */
export const lacksScope: ExpectedAnswer = {
  status: 403,
  challenge: `Bearer realm="${realm}", error="insufficient_scope", error_description="…", scope="treasure:read treasure:delete"`,
  problem: "insufficient-scope",
  scopes: ["treasure:read", "treasure:delete"],
  ...refusing,
}

/** The greeting of a caller. */
export const accepted = (text: string): ExpectedAnswer => ({
  status: 200,
  challenge: null,
  cacheControl: null,
  vary: "Authorization",
  text,
})

/** What Node's parser answers before any application is asked. */
export const unparsable = (status: number): ExpectedAnswer => ({ status, challenge: null })
