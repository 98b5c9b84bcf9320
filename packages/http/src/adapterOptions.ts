/**
 * Checks the options an adapter receives: those of the guard or endpoint it wraps, and its own. Each throws a TypeError
 * that names the option and says what to write.
 */
import { checkOptions, type OptionRule } from "@tokenry/core/adapter"
import { optionChecks as guardChecks, optionRules as guardRules } from "./guard/Guard.ts"
import { optionRules as introspectionRules } from "./oauth/Introspection.ts"
import { optionRules as revocationRules } from "./oauth/Revocation.ts"
import { problemOptionRules } from "./problems/Problem.ts"

type Rules = Readonly<Record<string, OptionRule>>

export const checkBearerOptions = (options: object, own: Rules): void =>
  checkOptions("bearer", options, { ...guardRules, ...own }, guardChecks)

export const checkIntrospectionOptions = (options: object, own: Rules): void =>
  checkOptions("introspection", options, { ...introspectionRules, ...own }, guardChecks)

export const checkRevocationOptions = (options: object, own: Rules): void =>
  checkOptions("revocation", options, { ...revocationRules, ...own }, { required: ["tokens"] })

export const checkProblemDetailsOptions = (options: object, own: Rules): void =>
  checkOptions("problemDetails", options, { ...problemOptionRules, ...own })
