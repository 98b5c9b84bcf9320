/** The expiry choice of a form. */
import { TokenPolicy } from "@tokenry/core"
import { Instant } from "@tokenry/core/adapter"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { describedBy, fieldError, type FieldErrors, noErrors } from "../parts/form.ts"
import { type Html, html } from "../parts/html.ts"
import { momentOf } from "../parts/moments.ts"

/** As use cases take it. Empty: keep the current expiry. */
export interface Expiry {
  readonly expiresIn?: string
  readonly expiresAt?: Date | null
}

/** The input, to show it again. */
export interface ExpiryTyped {
  readonly choice: string
  readonly date: string
}

export const expiryTypedIn = (form: URLSearchParams): ExpiryTyped => ({
  choice: form.get("expiry") ?? "",
  date: form.get("expiresOn") ?? "",
})

const lifetimes = ["7", "30", "90"] as const
type LifetimeDays = (typeof lifetimes)[number]

/** The choice, or a sentence that says what is wrong with it. */
export const readExpiry = (form: URLSearchParams): Expiry | string => {
  const { choice, date } = expiryTypedIn(form)
  if (choice === "keep") return {}
  if (choice === "never") return { expiresAt: null }
  if (choice === "date") return endOfDay(date, form.get("timeZone") ?? "")
  return lifetimes.some((days) => days === choice) ? { expiresIn: `${choice} days` } : "Choose when it expires."
}

/** What is wrong with the choice, by itself or under the policy. */
export const expiryErrors = (expiry: Expiry | string, policy: TokenPolicy, now: Date): FieldErrors => {
  if (typeof expiry === "string") return { expiry }
  if (expiry.expiresAt === undefined && expiry.expiresIn === undefined) return noErrors
  const { expiresAt } = expiry
  const requested = expiresAt instanceof Date ? DateTime.fromDateUnsafe(expiresAt) : (expiresAt ?? lifetimeOf(expiry))
  const allowed = TokenPolicy.expiryFor(policy, requested, DateTime.fromDateUnsafe(now))
  return typeof allowed === "string" ? { expiry: `The expiry ${allowed}.` } : noErrors
}

const lifetimeOf = ({ expiresIn }: Expiry): Duration.Duration | null =>
  expiresIn === undefined ? null : Duration.days(Number.parseInt(expiresIn, 10))

/**
 * The last second of that day where the person is, even if clocks change that night. In UTC if the browser sends no
 * time zone.
 */
const endOfDay = (date: string, timeZone: string): Expiry | string => {
  const day = /^\d{4}-\d\d-\d\d$/.test(date) ? Instant.parse(`${date}T00:00:00Z`) : undefined
  if (day === undefined) return "The date must be a day of the calendar, such as 2027-01-31."
  const midnight = DateTime.add(day, { days: 1 })
  const nextDay: Option.Option<DateTime.DateTime> =
    timeZone === ""
      ? Option.some(midnight)
      : DateTime.makeZoned(midnight, { timeZone, adjustForTimeZone: true, disambiguation: "compatible" })
  return Option.match(nextDay, {
    onNone: () => "Your browser is in a time zone that this site doesn't know. Choose a number of days instead.",
    onSome: (nextDay) => ({ expiresAt: DateTime.toDateUtc(DateTime.subtract(nextDay, { seconds: 1 })) }),
  })
}

/** The lifetimes the policy allows. If a token can only be shortened, only those that end before its current expiry. */
export const possibleLifetimes = (policy: TokenPolicy, now: Date, sooner?: Date | null): ReadonlyArray<LifetimeDays> =>
  lifetimes.filter((days) => {
    const isAllowed = expiryErrors({ expiresIn: `${days} days` }, policy, now) === noErrors
    return isAllowed && (sooner == null || until(days, now) < sooner)
  })

const until = (days: LifetimeDays, now: Date): Date => new Date(now.getTime() + Number(days) * dayMilliseconds)

const dayMilliseconds = 24 * 60 * 60 * 1000

interface ExpiryChoice {
  readonly legend: string
  readonly typed: ExpiryTyped
  readonly errors: FieldErrors
  readonly now: Date
  readonly policy: TokenPolicy
  /** The label for keeping the expiry; without it, there is no such choice. */
  readonly keep?: string
  /** The expiry of a token that can only be shortened (`null`: never). Choices end before it. */
  readonly sooner?: Date | null
}

export const expiryChoice = ({ legend, typed, errors, now, policy, keep, sooner }: ExpiryChoice): Html => {
  const possible = possibleLifetimes(policy, now, sooner)
  const never = policy.allowsNeverExpiring && sooner === undefined
  const latest = earlierOf(latestUnder(policy, now), sooner ?? undefined)
  const chosen = chosenOf(typed, possible)
  const radio = (value: string, label: string, hint: Html | undefined) =>
    html`<div class="choice">
      <input type="radio" id="expiry-${value}" name="expiry" value="${value}" ${chosen === value && html` checked`} />
      <div><label for="expiry-${value}">${label}</label>${hint && html` <span class="hint">${hint}</span>`}</div>
    </div>`
  return html`<fieldset id="expiry" tabindex="-1" ${describedBy(errors, "expiry")}>
    <legend>${legend}</legend>
    ${fieldError(errors, "expiry")} ${keep !== undefined && radio("keep", keep, undefined)}
    ${possible.map((days) => radio(days, `${days} days`, html`until ${momentOf(until(days, now))}`))}
    ${radio("date", "On a date", undefined)}
    <p class="field">
      <label for="expires-on">Date</label>
      <input
        type="date"
        id="expires-on"
        name="expiresOn"
        value="${typed.date}"
        min="${dayOf(now)}"
        ${latest && html`max="${dayOf(new Date(latest.getTime() - zonesMilliseconds))}"`}
        data-choice="expiry-date"
        aria-describedby="expires-on-hint expires-on-moment"
      />
    </p>
    <p class="hint" id="expires-on-hint" data-zone-hint>Until 23:59:59 UTC on that day.</p>
    <p class="hint" id="expires-on-moment" aria-live="polite"></p>
    <input type="hidden" name="timeZone" value="" />
    ${never && radio("never", "Never", html`Anyone who finds it can use it until you revoke it.`)}
  </fieldset>`
}

/** The choice or, if it isn't possible any more, the longest shorter lifetime, or else a date. */
const chosenOf = ({ choice }: ExpiryTyped, possible: ReadonlyArray<LifetimeDays>): string => {
  const isLifetime = lifetimes.some((days) => days === choice)
  if (!isLifetime || possible.some((days) => days === choice)) return choice
  return possible.findLast((days) => Number(days) < Number(choice)) ?? "date"
}

const latestUnder = ({ longestLifetime }: TokenPolicy, now: Date): Date | undefined =>
  longestLifetime === null ? undefined : new Date(now.getTime() + Duration.toMillis(longestLifetime))

const earlierOf = (left: Date | undefined, right: Date | undefined): Date | undefined =>
  left === undefined || right === undefined ? (left ?? right) : left < right ? left : right

/** How long after a day has ended in UTC the same day can still end elsewhere. */
const zonesMilliseconds = 1.5 * dayMilliseconds

const dayOf = (date: Date): string => date.toISOString().slice(0, 10)
