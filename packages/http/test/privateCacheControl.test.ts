import { expect, it } from "@effect/vitest"
import { privateCacheControl } from "@tokenry/http"

it.each([
  [null, "private"],
  [undefined, "private"],
  ["", "private"],
  ["private", "private"],
  ["Private, max-age=60", "private, max-age=60"],
  ["max-age=60", "private, max-age=60"],
  ["public, max-age=60, s-maxage=600", "private, max-age=60"],
  ["PUBLIC , S-MaxAge = 600", "private"],
  ["no-store", "no-store"],
  ["no-cache, No-Store", "no-cache, No-Store"],
])("no shared cache may keep what says %s (RFC 6750 §2.3, RFC 9111 §5.2.2)", (current, expected) => {
  expect(privateCacheControl(current)).toBe(expected)
})
