/** A token's history and the use of its secrets, for people. */
import type { TokenDetails, TokenUsage } from "@tokenry/core/promise"
import { type Html, html } from "../parts/html.ts"
import { distanceOf, momentOf } from "../parts/moments.ts"

type Change = TokenDetails["history"][number]

const kinds: Readonly<Record<Change["kind"], string>> = {
  issued: "Issued",
  renamed: "Renamed",
  narrowed: "Scopes removed",
  shortened: "Expiry brought forward",
  rotated: "New secret",
  bound: "Bound at first use",
  "grace-ended": "Older secrets ended",
  reused: "A replaced secret was used",
  revoked: "Revoked",
}

/** Newest first. `reader` is the signed-in account. */
export const historySection = ({ history, ownedBy }: TokenDetails, reader: string): Html => {
  const now = new Date()
  const line = ({ kind, at, actor, origin, detail }: Change) =>
    html`<li>
      <strong>${kinds[kind]}</strong>, ${distanceOf(at, now)},
      ${actorOf(actor, ownedBy, reader)}${
        origin.address !== undefined && html`, from ${origin.address}`
      }${detail !== null && html`: <bdi>${detail}</bdi>`}
      ${origin.userAgent !== undefined && html`<span class="hint"><bdi>${origin.userAgent}</bdi></span>`}
    </li>`
  return html`<section aria-labelledby="history">
    <h2 id="history">History</h2>
    <ul class="history">
      ${history.toReversed().map(line)}
    </ul>
  </section>`
}

const actorOf = (actor: Change["actor"], ownedBy: string, reader: string): Html => {
  switch (actor.kind) {
    case "person":
      if (actor.id === reader) return html`by you`
      return actor.id === ownedBy ? html`by its owner` : html`by an admin`
    case "token":
      return html`with <a href="/settings/tokens/${actor.id}">a token</a>`
    case "sweep":
      return html`by a sweep (${actor.id})`
    case "system":
      return html`by the service`
  }
}

/** Each secret, its state and its last use. Omits secrets nothing is known about. */
export const secretsSection = ({ secrets }: TokenDetails, usage: TokenUsage | undefined): Html => {
  const now = new Date()
  const usageOf = (generation: number) => usage?.secrets.find((secret) => secret.generation === generation)
  const row = ({ generation, hint, state, graceEnds }: TokenDetails["secrets"][number]) => {
    const { count = 0, lastUsedAt = null, reuses = 0, lastReusedAt = null } = usageOf(generation) ?? {}
    return html`<tr>
      <th scope="row">${generation}: <code>${hint}</code></th>
      <td>${stateOf(state, graceEnds, now)}</td>
      <td>${count}</td>
      <td>${lastUsedAt === null ? "Never" : distanceOf(lastUsedAt, now)}</td>
      <td>
        ${reuses === 0 ? "No" : html`${reuses} times${lastReusedAt !== null && html`, last ${distanceOf(lastReusedAt, now)}`}`}
      </td>
    </tr>`
  }
  return html`<section aria-labelledby="secrets">
    <h2 id="secrets">Secrets and their use</h2>
    <div class="scroll" role="region" aria-label="Secrets, a table" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">Secret</th>
            <th scope="col">State</th>
            <th scope="col">Uses</th>
            <th scope="col">Last used</th>
            <th scope="col">Came back</th>
          </tr>
        </thead>
        <tbody>
          ${secrets.map(row)}
        </tbody>
      </table>
    </div>
    ${usage !== undefined && html`<p class="hint">Recorded since ${momentOf(usage.since)}.</p>`}
  </section>`
}

const stateOf = (state: TokenDetails["secrets"][number]["state"], graceEnds: Date | null, now: Date): Html => {
  if (state === "active") return html`The newest`
  if (state === "retired" || graceEnds === null || graceEnds <= now) return html`No longer accepted`
  return html`Replaced, accepted until ${momentOf(graceEnds)}`
}

/** Replaced secrets that are still accepted. */
export const retiringOf = ({ secrets }: TokenDetails, now: Date) =>
  secrets.filter(({ state, graceEnds }) => state === "retiring" && graceEnds !== null && graceEnds > now)
