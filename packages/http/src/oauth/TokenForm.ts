/** The token in the form of an introspection or revocation request (RFC 7662 §2.1, RFC 7009 §2.1). */
import type { Form, FormFlaw } from "./Form.ts"

/** Why there is no token to look up. */
export type TokenFormFlaw = FormFlaw | "NoToken" | "SeveralTokens" | "SeveralHints"

export type TokenForm =
  | { readonly _tag: "Token"; readonly token: string }
  | { readonly _tag: "Invalid"; readonly flaw: TokenFormFlaw }

/**
 * The form's token. No parameter may be repeated (RFC 6749 §3.2), and any other than `token` and `token_type_hint` is
 * ignored. So is the hint's value: tokens are found without it.
 */
export const tokenIn = (form: Form): TokenForm => {
  if (form._tag === "Invalid") return form
  const tokens = form.valuesOf("token")
  const [token] = tokens
  if (token === undefined) return invalid("NoToken")
  if (tokens.length > 1) return invalid("SeveralTokens")
  return form.valuesOf("token_type_hint").length > 1 ? invalid("SeveralHints") : { _tag: "Token", token }
}

const invalid = (flaw: TokenFormFlaw): TokenForm => ({ _tag: "Invalid", flaw })
