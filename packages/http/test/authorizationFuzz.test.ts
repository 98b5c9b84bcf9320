import { expect, it } from "@effect/vitest"
import { type Credentials, readBearer } from "@tokenry/http"
import { generatedValues } from "../../../tools/bearer-conformance/generatedValues.ts"
import { type Reading, readByGrammar } from "../../../tools/bearer-conformance/readByGrammar.ts"

it("100,000 generated values are read as the grammar of RFC 9110 §11.4 and RFC 6750 §2.1 says", () => {
  const values = generatedValues(6750, "tok_3fK9xQ7")
  const wrong: Array<string> = []
  const counts = { token: 0, OtherScheme: 0, Invalid: 0, TooLong: 0 }
  for (let count = 0; count < 100_000; count++) {
    const value = values.next().value
    const expected = readByGrammar(value)
    counts[typeof expected === "string" ? expected : "token"]++
    const read = readingOf(readBearer([value]))
    if (JSON.stringify(read) !== JSON.stringify(expected)) wrong.push(JSON.stringify(value))
  }
  expect(wrong).toEqual([])
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(100)
})

const readingOf = (credentials: Credentials): Reading | "None" => {
  return "token" in credentials ? { token: credentials.token } : credentials._tag
}
