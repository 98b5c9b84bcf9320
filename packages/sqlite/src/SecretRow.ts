/** Maps a token's secrets to rows and back. */
import type { ApiToken } from "@tokenry/core"
import { Digest, type KeyId, Secret, type SecretState, type VerifiableSecret } from "@tokenry/core/adapter"
import * as Option from "effect/Option"
import { millisecondsOf } from "./arguments.ts"
import { damaged, instantIn, integerIn, listIn, textIn } from "./fields.ts"

/** A stored secret. `stateAt`: when a retiring secret ends, or a retired one ended. */
type SecretTuple = readonly [
  digest: string,
  generation: number,
  keyId: string | null,
  state: string,
  stateAt: number | null,
  hint: string,
]

/** The secrets as a JSON list of tuples, newest first. */
export const storedSecretsOf = (secrets: ApiToken["secrets"]): string => JSON.stringify(secrets.map(tupleOf))

const tupleOf = ({ digest, generation, keyId, state, hint }: Secret): SecretTuple => {
  const [name, at] = stateOf(state)
  return [digest.hex, generation, Option.getOrNull(keyId), name, at, hint]
}

const stateOf = (state: SecretState): readonly [name: string, at: number | null] => {
  switch (state._tag) {
    case "Active":
      return ["active", null]
    case "Retiring":
      return ["retiring", millisecondsOf(state.until)]
    case "Retired":
      return ["retired", millisecondsOf(state.at)]
    default:
      throw new TypeError("Expected a secret's state")
  }
}

/** @throws DamagedToken if it isn't a list of secrets, or is empty. */
export const secretsIn = (id: string, json: string): ApiToken["secrets"] => {
  const [first, ...rest] = listIn(id, "secrets", json).map((tuple, index) => secretIn(id, `secrets.${index}`, tuple))
  if (first === undefined) throw damaged(id, "secrets")
  return [first, ...rest]
}

const secretIn = (id: string, field: string, tuple: unknown): Secret => {
  if (!Array.isArray(tuple)) throw damaged(id, field)
  const [digest, generation, keyId, state, stateAt, hint]: ReadonlyArray<unknown> = tuple
  if (typeof digest !== "string" || digest.length !== 64) throw damaged(id, `${field}.digest`)
  return {
    ...secretOf(id, field, Digest.fromHex(digest), generation, keyId, state, stateAt),
    hint: textIn(id, `${field}.hint`, hint),
  }
}

/** @throws DamagedToken if a value is invalid. */
export const secretOf = (
  id: string,
  field: string,
  digest: Digest,
  generation: unknown,
  keyId: unknown,
  state: unknown,
  stateAt: unknown,
): VerifiableSecret => ({
  digest,
  generation: integerIn(id, `${field}.generation`, generation),
  keyId: keyId === null ? Option.none() : Option.some(textIn(id, `${field}.keyId`, keyId) as KeyId),
  state: stateIn(id, `${field}.state`, state, stateAt),
})

/** An unknown state is never treated as active. */
const stateIn = (id: string, field: string, state: unknown, at: unknown): SecretState => {
  switch (state) {
    case "active":
      return Secret.active
    case "retiring":
      return { _tag: "Retiring", until: instantIn(id, field, at) }
    case "retired":
      return { _tag: "Retired", at: instantIn(id, field, at) }
    default:
      throw damaged(id, field)
  }
}
