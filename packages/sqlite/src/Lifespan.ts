/** Groups tokens by how long they live, so that a list of live tokens doesn't read the owner's expired ones. */

/**
 * Tokens that live for less than `to` milliseconds, and at least half of that. Those created `to` ago or earlier have
 * expired, so a query for live ones ends there.
 */
export interface Lifespan {
  readonly number: number
  readonly to: number
}

const hour = 3_600_000
const last = 21

/**
 * From less than an hour to 119 years. The usual lifetimes (a day, 7, 30, 90 and 365 days) are in different ones. Tokens
 * that never expire are in the last.
 */
export const lifespans: ReadonlyArray<Lifespan> = Array.from({ length: last + 1 }, (_, number) => ({
  number,
  to: number === last ? Infinity : hour * 2 ** number,
}))

/** The number of a row's lifespan, as SQL. */
export const lifespanOfRow = `CASE ${lifespans
  .slice(0, last)
  .map(({ number, to }) => `WHEN expires_at - created_at < ${to} THEN ${number}`)
  .join(" ")} ELSE ${last} END`
