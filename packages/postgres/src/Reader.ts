/** Reads a stored record's fields, checking that they exist and have the right type. Plain code, for the hot path. */
import { DamagedToken } from "@tokenry/core"
import { KeyBinding } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

type Fields = Readonly<Record<string, unknown>>

/**
 * Every method returns the field's value, or throws a `DamagedToken` that names an invalid field. Absent optional
 * values are `null`. Instants are epoch milliseconds.
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

  /** Of a whole record as JSON, with the token's id in `id`. */
  static of(json: string): Reader {
    return Reader.ofFields(JSON.parse(json) as Fields)
  }

  /** Of a whole record's fields, with the token's id in `id`. */
  static ofFields(fields: Fields): Reader {
    return new Reader(fields, fields["id"], "")
  }

  damaged(field: string): DamagedToken {
    return new DamagedToken({ id: typeof this.#id === "string" ? this.#id : "", field: this.#path + field })
  }

  /** The result of `accept`. Throws if that is `undefined`. */
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

  instant(field: string): DateTime.Utc {
    return DateTime.makeUnsafe(this.#milliseconds(field))
  }

  optionalInstant(field: string): Option.Option<DateTime.Utc> {
    return this.#fields[field] === null ? Option.none() : Option.some(this.instant(field))
  }

  /** An instant's milliseconds; `undefined` if it is absent. */
  optionalMilliseconds(field: string): number | undefined {
    return this.#fields[field] === null ? undefined : this.#milliseconds(field)
  }

  /** An object with instants as values, by name. */
  instants(field: string): ReadonlyMap<string, DateTime.Utc> {
    const inside = this.#inside(field, this.#fields[field])
    return new Map(Object.keys(inside.#fields).map((name) => [name, inside.instant(name)]))
  }

  listOf<A>(field: string, read: (reader: Reader) => A): ReadonlyArray<A> {
    const values: unknown = this.#fields[field]
    if (!Array.isArray(values)) throw this.damaged(field)
    return values.map((value: unknown, index) => read(this.#inside(`${field}.${index}`, value)))
  }

  /** An unchanged object whose values are all strings, including the required ones. */
  embedded(field: string, required: ReadonlyArray<string>): object {
    const value = this.#fields[field]
    if (!isObject(value)) throw this.damaged(field)
    for (const name of new Set([...required, ...Object.keys(value)])) {
      if (!isText(value[name])) throw this.damaged(`${field}.${name}`)
    }
    return value
  }

  #milliseconds(field: string): number {
    const milliseconds = this.integer(field)
    if (Math.abs(milliseconds) > 8_640_000_000_000_000) throw this.damaged(field)
    return milliseconds
  }

  #inside(field: string, value: unknown): Reader {
    if (!isObject(value)) throw this.damaged(field)
    return new Reader(value, this.#id, `${this.#path}${field}.`)
  }
}

const isText = (value: unknown): value is string => typeof value === "string"

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)
