/** Checks options at run time, for JavaScript too, so a typo never silently disables a setting. */
import { editDistance } from "./editDistance.ts"

/** The check for a value, and advice that completes a sentence, such as `write true or false`. */
export type OptionRule = readonly [isGood: (value: unknown) => boolean, advice: string]

/** A rule for every option. */
export type OptionRules<Options> = { readonly [Name in keyof Required<Options>]: OptionRule }

/** Advice for options that belong elsewhere or have another name. */
export type Misplaced = Readonly<Record<string, string>>

/**
 * Checks the options, or throws. An option set to `undefined` counts as omitted.
 *
 * @throws TypeError that names the option and says what to write, if it is unknown, required but missing, or of the
 *   wrong type.
 */
export const checkOptions = <Options extends object>(
  where: string,
  options: object,
  rules: OptionRules<Options>,
  {
    required = [],
    misplaced = {},
  }: { readonly required?: ReadonlyArray<keyof Options & string>; readonly misplaced?: Misplaced } = {},
): void => {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${where} takes an object of options`)
  }
  const known = Object.keys(rules)
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) throw new TypeError(`${where}: ${adviceForUnknown(name, known, misplaced)}`)
    const [isGood, advice] = rules[name as keyof Options & string]
    if (value !== undefined && !isGood(value)) throw new TypeError(`${where}: ${name} is not valid; ${advice}`)
  }
  for (const name of required) {
    if ((options as Readonly<Record<string, unknown>>)[name] === undefined)
      throw new TypeError(`${where}: ${name} is missing; ${rules[name][1]}`)
  }
}

const adviceForUnknown = (name: string, known: ReadonlyArray<string>, misplaced: Misplaced): string => {
  if (Object.hasOwn(misplaced, name)) return `there is no option ${name}; ${misplaced[name]}`
  const shown = name.length > 40 ? "…" : name
  const nearest = known
    .map((option) => ({ option, distance: editDistance(shown.toLowerCase(), option.toLowerCase()) }))
    .filter(({ option, distance }) => distance <= Math.max(2, option.length / 3))
    .sort((left, right) => left.distance - right.distance)[0]
  return nearest === undefined
    ? `there is no option ${shown}; the options are ${known.join(", ")}`
    : `there is no option ${shown}; did you mean ${nearest.option}?`
}

/** For options whose value is checked where it is used. */
export const anyValue: OptionRule = [() => true, "give it a value"]
export const isBoolean = (value: unknown): boolean => typeof value === "boolean"
export const isText = (value: unknown): boolean => typeof value === "string" && value !== ""
export const isFunction = (value: unknown): boolean => typeof value === "function"
export const isObject = (value: unknown): value is Readonly<Record<PropertyKey, unknown>> =>
  typeof value === "object" && value !== null
export const isOneOf =
  (...values: ReadonlyArray<unknown>) =>
  (value: unknown): boolean =>
    values.includes(value)
