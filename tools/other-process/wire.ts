/** The arguments and results of a repository and a usage store, as values that can be sent to another process. */
import { ApiToken } from "@tokenry/core"
import { type ApiTokenFields, Digest, LookedUpToken } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

type Sent =
  | { readonly is: "plain"; readonly value: unknown }
  | { readonly is: "option"; readonly value: ReadonlyArray<Sent> }
  | { readonly is: "list"; readonly value: ReadonlyArray<Sent> }
  | { readonly is: "map"; readonly value: ReadonlyArray<readonly [string, Sent]> }
  | { readonly is: "instant"; readonly value: number }
  | { readonly is: "digest"; readonly value: string }
  | { readonly is: "token" | "object"; readonly value: ReadonlyArray<readonly [string, Sent]> }

export const sentOf = (value: unknown): Sent => {
  if (Option.isOption(value)) return { is: "option", value: Option.toArray(value).map(sentOf) }
  if (Array.isArray(value)) return { is: "list", value: value.map(sentOf) }
  if (value instanceof Map) return { is: "map", value: [...value].map(([key, field]) => [key, sentOf(field)]) }
  if (DateTime.isDateTime(value)) return { is: "instant", value: value.epochMilliseconds }
  if (value instanceof Digest) return { is: "digest", value: value.hex }
  if (typeof value !== "object" || value === null) return { is: "plain", value }
  if (value instanceof LookedUpToken) {
    const { expiry: _, ...fields } = value
    return sentOf({ ...fields, expiresAt: value.expiresAt })
  }
  return {
    is: value instanceof ApiToken ? "token" : "object",
    value: Object.entries(value).map(([key, field]) => [key, sentOf(field)]),
  }
}

export const receivedOf = (sent: Sent): unknown => {
  switch (sent.is) {
    case "plain":
      return sent.value
    case "option":
      return Option.fromUndefinedOr(sent.value.map(receivedOf)[0])
    case "list":
      return sent.value.map(receivedOf)
    case "map":
      return new Map(sent.value.map(([key, field]) => [key, receivedOf(field)]))
    case "instant":
      return DateTime.makeUnsafe(sent.value)
    case "digest":
      return Digest.fromHex(sent.value)
    case "token":
      return new ApiToken(fieldsOf(sent.value) as ApiTokenFields)
    case "object":
      return fieldsOf(sent.value)
  }
}

const fieldsOf = (fields: ReadonlyArray<readonly [string, Sent]>): object =>
  Object.fromEntries(fields.map(([key, field]) => [key, receivedOf(field)]))

export interface Call {
  readonly number: number
  readonly method: string
  readonly values: Sent
}

export interface Answer {
  readonly number: number
  readonly outcome: "value" | "failure" | "defect"
  readonly value: Sent
}
