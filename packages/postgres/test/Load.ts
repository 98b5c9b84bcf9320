/** Many callers of a repository that suffers a fault. */
import { assert } from "@effect/vitest"
import { type ApiToken, RepositoryUnavailable } from "@tokenry/core"
import type { ApiTokenRepository } from "@tokenry/core/adapter"
import { PostgresOutage } from "@tokenry/postgres"
import { aToken } from "@tokenry/repository-contract/tokens"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { inspect } from "node:util"

/** What is stored of each token: how many secrets it has. */
export const storedTokens = `SELECT t.id, (SELECT count(*) FROM api_token_secret WHERE token_id = t.id)::integer AS secrets
  FROM api_token AS t`

export interface StoredToken {
  readonly id: string
  readonly secrets: number
}

/** Inserts tokens and verifies them, four at a time, until it is interrupted, and remembers what came of it. */
export class Load {
  readonly acknowledged: Array<ApiToken> = []
  readonly unknown: Array<ApiToken> = []
  readonly unexpected: Array<unknown> = []
  verified = 0
  outages = 0
  /** What PostgreSQL or Node called the outages. */
  readonly codes = new Set<string>()

  readonly #repository: ApiTokenRepository["Service"]

  constructor(repository: ApiTokenRepository["Service"]) {
    this.#repository = repository
  }

  run() {
    return Effect.all(
      Array.from({ length: 4 }, () => Effect.forever(Effect.suspend(() => this.#once()))),
      { concurrency: 4, discard: true },
    )
  }

  #once() {
    const token = aToken()
    const insert = Effect.tap(Effect.exit(this.#repository.insert(token)), (exit) =>
      Effect.sync(() => {
        if (this.#isDone(exit)) this.acknowledged.push(token)
        else this.unknown.push(token)
      }),
    )
    const verify = Effect.suspend(() => {
      const known = this.acknowledged.at(-1)
      if (known === undefined) return Effect.void
      return Effect.tap(Effect.exit(this.#repository.findByDigest([known.secrets[0].digest])), (exit) =>
        Effect.sync(() => {
          if (!this.#isDone(exit)) return
          if (Exit.isSuccess(exit) && Option.isSome(exit.value)) this.verified++
          else this.unexpected.push(`the token ${known.id} is not found`)
        }),
      )
    })
    return Effect.andThen(
      insert,
      Effect.andThen(
        verify,
        Effect.promise(() => new Promise((done) => setImmediate(done))),
      ),
    )
  }

  #isDone(exit: Exit.Exit<unknown, unknown>): boolean {
    if (Exit.isSuccess(exit)) return true
    const [reason] = exit.cause.reasons
    if (reason?._tag === "Fail" && reason.error instanceof RepositoryUnavailable) {
      this.outages++
      if (reason.error.cause instanceof PostgresOutage) this.codes.add(reason.error.cause.code)
    } else this.unexpected.push(exit.cause)
    return false
  }

  /** All that was acknowledged is there, once; what has an unknown outcome is there whole or not at all. */
  assertSound(rows: ReadonlyArray<StoredToken>): void {
    assert.deepStrictEqual(this.unexpected, [], inspect(this.unexpected.slice(0, 3), { depth: 5 }))
    const stored = new Map(rows.map(({ id, secrets }) => [id, secrets]))
    for (const { id } of this.acknowledged) assert.strictEqual(stored.get(id), 1, `the token ${id} is stored`)
    for (const { id } of this.unknown) assert.include([1, undefined], stored.get(id))
  }
}
