/** Compares a response with what a rule expects of it, and with what must hold for every response. */
import { problemTypes } from "@tokenry/http"
import { expect } from "vitest"
import { type ExpectedAnswer, problemBase } from "./Rule.ts"
import type { WireAnswer } from "./wire.ts"

export const expectAnswer = (answer: WireAnswer, expected: ExpectedAnswer): void => {
  const { status, headers, body } = answer
  expect([expected.status].flat()).toContain(status)
  if (expected.challenge !== undefined) {
    expect(headers.get("www-authenticate")).toEqual(
      expected.challenge === null ? undefined : [expect.stringMatching(patternOf(expected.challenge))],
    )
  }
  if (expected.cacheControl !== undefined) {
    expect(headers.get("cache-control")).toEqual(expected.cacheControl === null ? undefined : [expected.cacheControl])
  }
  if (expected.vary !== undefined) {
    expect(namesIn(headers.get("vary"))).toEqual(expect.arrayContaining([...namesIn([expected.vary])]))
  }
  if (expected.problem !== undefined) {
    expect(headers.get("content-type")).toEqual(["application/problem+json"])
    const { title, status: statusOfType } = problemTypes[expected.problem]
    expect(JSON.parse(body)).toMatchObject({
      type: `${problemBase}${expected.problem}`,
      title,
      status: statusOfType,
      ...(expected.scopes === undefined ? {} : { scopes: expected.scopes }),
    })
    expect(status).toBe(statusOfType)
  }
  if (expected.text !== undefined) expect(body).toBe(expected.text)
  for (const [name, value] of Object.entries(expected.headers ?? {})) expect(headers.get(name)).toEqual([value])
}

/** Must hold for every response. */
export const expectSoundness = ({ status, headers, bytes, body }: WireAnswer, secrets: ReadonlyArray<string>): void => {
  expect(secrets.filter((secret) => bytes.includes(secret))).toEqual([])
  if (headers.has("www-authenticate")) {
    expect(headers.get("www-authenticate")).toEqual([expect.stringMatching(challengePattern)])
  }
  if (status === 401) expect(headers.has("www-authenticate")).toBe(true)
  if (status >= 400 && body !== "") expect(JSON.parse(body)).toMatchObject({ status })
}

/** The grammar of a challenge for Bearer, for DPoP, or for both, as restricted by RFC 6750 §3 and RFC 9449 §7.1. */
const challengePattern = (() => {
  const parameter = String.raw`[a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]+"`
  const parameters = `${parameter}(?:, ${parameter})*`
  return new RegExp(`^(?:Bearer ${parameters}(?:, DPoP ${parameters})?|DPoP ${parameters})$`)
})()

/** `…` stands for any text that `error_description` may contain, and brackets for a part that may be missing. */
const patternOf = (challenge: string): RegExp => {
  const literals = challenge.split("…").map((literal) => literal.replaceAll(/[\\^$.*+?(){}|]/g, String.raw`\$&`))
  const optional = literals.map((literal) => literal.replaceAll(/\[(.*?)\]/g, "(?:$1)?"))
  return new RegExp(`^${optional.join(String.raw`[\x20\x21\x23-\x5b\x5d-\x7e]+`)}$`)
}

const namesIn = (vary: ReadonlyArray<string> = []): ReadonlyArray<string> =>
  vary.flatMap((value) => value.split(",")).map((name) => name.trim().toLowerCase())
