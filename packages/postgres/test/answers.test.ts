import { assert, describe, it } from "@effect/vitest"
import { RepositoryUnavailable } from "@tokenry/core"
import { PostgresRepository, UnexpectedAnswer } from "@tokenry/postgres"
import { aDigest, at, aToken, owner } from "@tokenry/repository-contract/tokens"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { inspect } from "node:util"
import { portsOf } from "./stores.ts"

const ownedBy = owner("owner-1")

const server = { name: "error", severity: "ERROR" }

const outages: ReadonlyArray<object> = [
  { ...server, code: "08006" },
  { ...server, severity: "FATAL", code: "57P01" },
  { ...server, severity: "FATAL", code: "57P02" },
  { ...server, severity: "FATAL", code: "57P03" },
  { ...server, code: "57014" },
  { ...server, severity: "FATAL", code: "53300" },
  { ...server, code: "53100" },
  { ...server, code: "53200" },
  { ...server, code: "25006" },
  { ...server, code: "40001" },
  { ...server, code: "40P01" },
  { ...server, code: "55P03" },
  { ...server, code: "42501" },
  { ...server, code: "58030" },
  { ...server, code: "XX001" },
  { code: "ECONNREFUSED" },
  { code: "ECONNRESET" },
  { code: "EPIPE" },
  {},
]

const defectOf = (cause: Cause.Cause<unknown>): unknown => {
  const [reason] = cause.reasons
  return reason?._tag === "Die" ? reason.defect : undefined
}

describe("what the server answers", () => {
  it.live.each(outages)("is an outage, recognised by its code: %j", (error) =>
    Effect.gen(function* () {
      const repository = yield* rejecting(error)
      const attempts: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        repository.findByDigest([aDigest()]),
        repository.insert(aToken({ ownedBy })),
        repository.revokeOwnedBy(ownedBy, { at: at(1), reason: "r" }, { actor: { kind: "system" }, origin: {} }),
      ]
      for (const attempt of attempts) assert.instanceOf(yield* Effect.flip(attempt), RepositoryUnavailable)
    }),
  )

  it.live("if it is no outage, is a defect that doesn't quote the row", () =>
    Effect.gen(function* () {
      const { hex } = aDigest()
      const repository = yield* rejecting({
        ...server,
        code: "23514",
        constraint: "no_tokens_on_sundays",
        message: `new row violates: ${hex}`,
        detail: `Failing row contains (${hex})`,
        where: `portal with parameters: ${hex}`,
      })
      const cause = yield* Effect.flip(Effect.sandbox(repository.insert(aToken({ ownedBy }))))
      assert.instanceOf(defectOf(cause), UnexpectedAnswer)
      assert.include(String(defectOf(cause)), "no_tokens_on_sundays")
      assert.notInclude(inspect(cause, { depth: 20, showHidden: true }), hex)
    }),
  )

  it.live("in an outage, is quoted only by its message", () =>
    Effect.gen(function* () {
      const { hex } = aDigest()
      const repository = yield* rejecting({ ...server, code: "57014", where: `portal with parameters: ${hex}` })
      const error = yield* Effect.flip(repository.findByDigest([aDigest()]))
      assert.include(inspect(error, { depth: 20 }), "57014")
      assert.notInclude(inspect(error, { depth: 20, showHidden: true }), hex)
    }),
  )
})

/** A repository on a connection to a server that answers everything with this error. */
const rejecting = (error: object) => {
  const query = async (): Promise<never> => {
    throw Object.assign(new Error("E"), error)
  }
  const client = { query, release: () => undefined, on: () => undefined, removeListener: () => undefined }
  const layer = PostgresRepository.onClient(client)
  return Effect.map(portsOf(layer), ({ repository }) => repository)
}
