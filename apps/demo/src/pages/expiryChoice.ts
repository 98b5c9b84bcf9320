/** The part of a form that asks when a token is to expire. */
import { Instant } from "@tokenry/core"
import { DateTime, Option } from "effect"
import { describedBy, fieldError, type FieldErrors } from "./form.ts"
import { type Html, html } from "./html.ts"
import { momentOf } from "./moments.ts"

/** As use cases take it. Empty: the expiry that it has. */
export interface Expiry {
  readonly expiresIn?: string
  readonly expiresAt?: Date | null
}

/** What was typed, to stand there again. */
export interface ExpiryTyped {
  readonly choice: string
  readonly date: string
}

export const expiryTypedIn = (form: URLSearchParams): ExpiryTyped => ({
  choice: form.get("expiry") ?? "",
  date: form.get("expiresOn") ?? "",
})

const lifetimes = ["7", "30", "90"] as const

/** What is asked for, or a sentence about what is wrong with it. */
export const readExpiry = (form: URLSearchParams): Expiry | string => {
  const { choice, date } = expiryTypedIn(form)
  if (choice === "keep") return {}
  if (choice === "never") return { expiresAt: null }
  if (choice === "date") {
    return endOfDay(date, form.get("timeZone") ?? "") ?? "The date must be a day of the calendar, such as 2027-01-31."
  }
  return lifetimes.some((days) => days === choice) ? { expiresIn: `${choice} days` } : "Choose when it is to expire."
}

/** The last second of the day where the person is; in UTC, if their browser does not say where that is. */
const endOfDay = (date: string, timeZone: string): Expiry | undefined => {
  const inUtc = /^\d{4}-\d\d-\d\d$/.test(date) ? Instant.parse(`${date}T23:59:59Z`) : undefined
  if (inUtc === undefined) return undefined
  const zoned = DateTime.makeZoned(inUtc, { timeZone, adjustForTimeZone: true })
  return { expiresAt: DateTime.toDateUtc(Option.getOrElse(zoned, () => inUtc)) }
}

interface ExpiryChoice {
  readonly legend: string
  readonly typed: ExpiryTyped
  readonly errors: FieldErrors
  readonly now: Date
  /** The choice to leave it as it is, in words; without them it is none. */
  readonly keep?: string
  /** Whether it may be chosen that it never expires. */
  readonly never: boolean
}

export const expiryChoice = ({ legend, typed, errors, now, keep, never }: ExpiryChoice): Html => {
  const radio = (value: string, label: string, hint: Html | undefined) =>
    html`<div class="choice">
      <input
        type="radio"
        id="expiry-${value}"
        name="expiry"
        value="${value}"
        ${typed.choice === value && html` checked`}
      />
      <div><label for="expiry-${value}">${label}</label>${hint && html` <span class="hint">${hint}</span>`}</div>
    </div>`
  const until = (days: string) => momentOf(new Date(now.getTime() + Number(days) * 24 * 60 * 60 * 1000))
  return html`<fieldset id="expiry" tabindex="-1" ${describedBy(errors, "expiry")}>
    <legend>${legend}</legend>
    ${fieldError(errors, "expiry")} ${keep !== undefined && radio("keep", keep, undefined)}
    ${lifetimes.map((days) => radio(days, `${days} days`, html`until ${until(days)}`))}
    ${radio("date", "On a date", undefined)}
    <p class="field">
      <label for="expires-on">Date</label>
      <input
        type="date"
        id="expires-on"
        name="expiresOn"
        value="${typed.date}"
        data-choice="expiry-date"
        aria-describedby="expires-on-hint expires-on-moment"
      />
    </p>
    <p class="hint" id="expires-on-hint" data-zone-hint>Until 23:59:59 UTC on that day.</p>
    <p class="hint" id="expires-on-moment" aria-live="polite"></p>
    <input type="hidden" name="timeZone" value="" />
    ${never && radio("never", "Never", html`Whoever finds it can use it until you revoke it.`)}
  </fieldset>`
}
