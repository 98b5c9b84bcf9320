/** Checks options that take an object with methods. */
import { isFunction, isObject } from "@tokenry/core/adapter"

/** Whether a value is an object with all of these methods. */
export const hasMethods =
  (...names: ReadonlyArray<string>) =>
  (value: unknown): boolean =>
    isObject(value) && names.every((name) => isFunction(value[name]))
