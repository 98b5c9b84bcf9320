/** The SQL of an owner's lists, written so that SQLite uses the intended index. */
import type { ListState } from "@tokenry/core/adapter"
import { type Lifespan, lifespans } from "./Lifespan.ts"
import { tokenColumns } from "./TokenRow.ts"

/** Every list takes all of these, even if its state doesn't need them. A lineage's lists also take `lineage`. */
export interface ListParameters {
  readonly owner: string
  /** Right after the token with this creation time and id. */
  readonly createdAt: number
  readonly id: string
  readonly now: number
  readonly limit: number
}

const inState: Readonly<Record<ListState, string>> = {
  live: "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)",
  dead: "(revoked_at IS NOT NULL OR expires_at <= :now)",
  any: ":now IS NOT NULL",
}

const newestFirst = "ORDER BY created_at DESC, id DESC LIMIT :limit + 0"

const isAfter = "(created_at, id) < (:createdAt, :id)"

const ownedWhere = (condition: string) =>
  `SELECT ${tokenColumns} FROM api_token WHERE owned_by = :owner AND ${condition} ${newestFirst}`

/** Reads up to the limit of each lifespan, in the order of the index, and takes the newest of them. */
const newestOf = (conditions: ReadonlyArray<string>) => {
  const pages = conditions.map(
    (condition) =>
      `SELECT * FROM (SELECT number, created_at, id FROM api_token WHERE owned_by = :owner AND ${condition} ${newestFirst})`,
  )
  return `SELECT ${tokenColumns} FROM api_token
    WHERE number IN (SELECT number FROM (${pages.join(" UNION ALL ")}) ${newestFirst})
    ORDER BY created_at DESC, id DESC`
}

const liveOf = ({ number, to }: Lifespan) =>
  `${inState.live} AND lifespan = ${number}${to === Infinity ? "" : ` AND created_at > :now - ${to}`}`

/** The `+` keeps SQLite on the index that has the owner's tokens in order, and their numbers. */
const ofLineage = `+number IN (
    SELECT token_number FROM api_token_ancestor WHERE ancestor = :lineage
    UNION ALL SELECT number FROM api_token WHERE id = :lineage)`

const lineageIn = (state: ListState) => ownedWhere(`${isAfter} AND ${ofLineage} AND ${inState[state]}`)

export const listSql = {
  owned: {
    live: newestOf(lifespans.map((lifespan) => `${liveOf(lifespan)} AND ${isAfter}`)),
    dead: ownedWhere(`${isAfter} AND ${inState.dead}`),
    any: ownedWhere(`${isAfter} AND ${inState.any}`),
  },
  lineage: { live: lineageIn("live"), dead: lineageIn("dead"), any: lineageIn("any") },
  /** Takes the owner and `now`. */
  countLive: `SELECT ${lifespans
    .map((lifespan) => `(SELECT count(*) FROM api_token WHERE owned_by = :owner AND ${liveOf(lifespan)})`)
    .join(" + ")} AS count`,
} as const satisfies Record<string, string | Readonly<Record<ListState, string>>>
