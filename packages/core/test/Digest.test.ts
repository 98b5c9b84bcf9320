import { inspect } from "node:util"
import { describe, expect, it } from "@effect/vitest"
import { DuplicateToken } from "@tokenry/core"
import { Digest } from "@tokenry/core/adapter"
import { aSecret } from "@tokenry/repository-contract/tokens"
import * as Cause from "effect/Cause"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Formatter from "effect/Formatter"
import * as Hash from "effect/Hash"
import * as Logger from "effect/Logger"
import * as Effect from "effect/Effect"
import { anApiToken } from "./builders.ts"

const hex = "0123456789abcdef".repeat(4)
const digest = Digest.fromHex(hex)
const token = anApiToken({ secrets: [aSecret({ digest })] })
const failure = Cause.fail({ ...new DuplicateToken({ id: token.id }), token })

const everything = { showHidden: true, getters: true, depth: Infinity, customInspect: true } as const

describe("a digest is not shown", () => {
  it.each([
    ["String()", String(digest)],
    ["a template", `${digest}`],
    ["concatenation", "" + digest],
    ["JSON", JSON.stringify([digest, { digest }])],
    ["a token's JSON", JSON.stringify(token)],
    ["a token's String()", String(token)],
    ["an exit's JSON", JSON.stringify(Exit.succeed(token))],
    ["a cause's JSON", JSON.stringify(failure)],
    ["a cause, pretty", Cause.pretty(failure)],
    ["Effect's formatter", Formatter.format({ digest, token })],
    ["Effect's JSON formatter", Formatter.formatJson({ digest, token })],
    ["inspecting", inspect(digest)],
    ["inspecting everything", inspect(digest, everything)],
    [
      "inspecting everything, without custom inspection",
      inspect(digest, { ...everything, customInspect: false, getters: false }),
    ],
    ["inspecting a token", inspect(token, everything)],
    ["inspecting an exit", inspect(Exit.succeed(token), everything)],
    ["inspecting a cause", inspect(failure, everything)],
    ["own properties", Reflect.ownKeys(digest).join()],
  ])("by %s", (_, shown) => {
    expect(shown).not.toContain(hex.slice(0, 16))
  })

  it.effect("by a log", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const loggers = [Logger.formatSimple, Logger.formatLogFmt, Logger.formatJson].map((logger) =>
        Logger.map(logger, (line) => void lines.push(String(line))),
      )
      yield* Effect.logError("token", token, digest, failure).pipe(
        Effect.annotateLogs({ digest, token }),
        Effect.provide(Logger.layer(loggers)),
      )
      expect(lines).toHaveLength(3)
      expect(lines.join("\n")).not.toContain(hex.slice(0, 16))
    }),
  )

  it("when it can't be made", () => {
    expect(() => Digest.fromHex(hex.slice(1))).toThrow(/^A digest has 64 hex digits$/)
    expect(() => Digest.fromHex("")).toThrow(/^A digest has 64 hex digits$/)
  })
})

it("equal inputs have equal digests", () => {
  expect(Equal.equals(digest, Digest.fromHex(hex))).toBe(true)
  expect(Hash.hash(digest)).toBe(Hash.hash(Digest.fromHex(hex)))
  expect(Equal.equals(digest, Digest.fromHex("f".repeat(64)))).toBe(false)
  expect(digest.hex).toBe(hex)
})
