/** Reads a stored token's fields. Each throws `DamagedToken`, with the id and the field, if the value is invalid. */
import { DamagedToken } from "@tokenry/core"
import { KeyBinding } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

export const damaged = (id: string, field: string): DamagedToken => new DamagedToken({ id, field })

/** A text, which may be empty. */
export const textIn = (id: string, field: string, value: unknown): string => {
  if (typeof value !== "string") throw damaged(id, field)
  return value
}

export const integerIn = (id: string, field: string, value: unknown): number => {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw damaged(id, field)
  return value
}

export const instantIn = (id: string, field: string, value: unknown): DateTime.Utc =>
  DateTime.makeUnsafe(millisecondsIn(id, field, value))

/** An instant in milliseconds. */
export const millisecondsIn = (id: string, field: string, value: unknown): number => {
  const milliseconds = integerIn(id, field, value)
  if (Math.abs(milliseconds) > 8.64e15) throw damaged(id, field)
  return milliseconds
}

export const optionalBindingIn = (id: string, field: string, value: string | null): Option.Option<KeyBinding> => {
  if (value === null) return Option.none()
  if (!KeyBinding.is(value)) throw damaged(id, field)
  return Option.some(value)
}

/** A list in JSON. */
export const listIn = (id: string, field: string, json: string): ReadonlyArray<unknown> => {
  const list = parsed(json)
  if (!Array.isArray(list)) throw damaged(id, field)
  return list
}

/** A list of strings in JSON. Most tokens share a few short lists of scopes, so those are parsed once. */
export const textsIn = (id: string, field: string, json: string): ReadonlyArray<string> => {
  const known = knownTexts.get(json)
  if (known !== undefined) return known
  const list = listIn(id, field, json)
  if (!list.every((value) => typeof value === "string")) throw damaged(id, field)
  if (json.length <= knownLength) {
    if (knownTexts.size === mostKnown) knownTexts.clear()
    knownTexts.set(json, Object.freeze(list))
  }
  return list
}

const knownTexts = new Map<string, ReadonlyArray<string>>()
const mostKnown = 1000
/** In characters. Together they take less than a megabyte. */
const knownLength = 200

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
