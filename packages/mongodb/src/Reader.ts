/** Reads the fields of a stored document and checks their types. Plain code, because verifying runs it. */
import { DamagedToken } from "@tokenry/core"
import { KeyBinding } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { types } from "node:util"

type Fields = Readonly<Record<string, unknown>>

/**
 * Each method returns the field's value, or throws a `DamagedToken` that names the field if its type is wrong. An optional
 * field is `null` when absent; a missing field is damage.
 */
export class Reader {
  readonly #fields: Fields
  readonly #id: unknown
  readonly #path: string

  private constructor(fields: Fields, id: unknown, path: string) {
    this.#fields = fields
    this.#id = id
    this.#path = path
  }

  /** Reads a whole document. `idField` holds the token's id. */
  static of(document: object, { idField = "_id", path = "" } = {}): Reader {
    const fields = document as Fields
    return new Reader(fields, fields[idField], path)
  }

  damaged(field: string): DamagedToken {
    return new DamagedToken({ id: this.id, field: this.#path + field })
  }

  /** The token's id for errors; empty if it can't be read. */
  get id(): string {
    return typeof this.#id === "string" ? this.#id : ""
  }

  /** Returns what `accept` makes of the value; `undefined` means damage. */
  read<A>(field: string, accept: (value: unknown) => A | undefined): A {
    const value = accept(this.#fields[field])
    if (value === undefined) throw this.damaged(field)
    return value
  }

  string(field: string): string {
    const value = this.#fields[field]
    if (!isText(value)) throw this.damaged(field)
    return value
  }

  optionalString(field: string): Option.Option<string> {
    return this.#fields[field] === null ? Option.none() : Option.some(this.string(field))
  }

  optionalBinding(field: string): Option.Option<KeyBinding> {
    return this.#fields[field] === null
      ? Option.none()
      : Option.some(this.read(field, (value) => (KeyBinding.is(value) ? value : undefined)))
  }

  strings(field: string): ReadonlyArray<string> {
    const values = this.#fields[field]
    if (!Array.isArray(values) || !values.every(isText)) throw this.damaged(field)
    return values
  }

  integer(field: string): number {
    const value = this.#fields[field]
    if (!Number.isSafeInteger(value)) throw this.damaged(field)
    return value as number
  }

  boolean(field: string): boolean {
    const value = this.#fields[field]
    if (typeof value !== "boolean") throw this.damaged(field)
    return value
  }

  instant(field: string): DateTime.Utc {
    const value = this.#fields[field]
    if (!types.isDate(value) || Number.isNaN(value.getTime())) throw this.damaged(field)
    return DateTime.makeUnsafe(value.getTime())
  }

  optionalInstant(field: string): Option.Option<DateTime.Utc> {
    return this.#fields[field] === null ? Option.none() : Option.some(this.instant(field))
  }

  /** Returns an object's fields, which must all be instants, by name. */
  instants(field: string): ReadonlyMap<string, DateTime.Utc> {
    const inside = this.#inside(field, this.#fields[field])
    return new Map(Object.keys(inside.#fields).map((name) => [name, inside.instant(name)]))
  }

  optional<A>(field: string, read: (reader: Reader) => A): Option.Option<A> {
    const value = this.#fields[field]
    return value === null ? Option.none() : Option.some(read(this.#inside(field, value)))
  }

  listOf<A>(field: string, read: (reader: Reader) => A): ReadonlyArray<A> {
    const values: unknown = this.#fields[field]
    if (!Array.isArray(values)) throw this.damaged(field)
    return values.map((value: unknown, index) => read(this.#inside(`${field}.${index}`, value)))
  }

  /** Returns an object whose fields are all strings and include the required ones. */
  embedded(field: string, required: ReadonlyArray<string>): object {
    const value = this.#fields[field]
    if (!isObject(value)) throw this.damaged(field)
    for (const name of new Set([...required, ...Object.keys(value)])) {
      if (!isText(value[name])) throw this.damaged(`${field}.${name}`)
    }
    return value
  }

  #inside(field: string, value: unknown): Reader {
    if (!isObject(value)) throw this.damaged(field)
    return new Reader(value, this.#id, `${this.#path}${field}.`)
  }
}

const isText = (value: unknown): value is string => typeof value === "string"

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !types.isDate(value)
