import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { normalizedUrl, requestedUrl } from "../src/normalizedUrl.ts"

const pieces = Schema.Array(
  Schema.Literals([
    "/",
    "\\",
    "@",
    ":",
    "?",
    "#",
    "%2f",
    "%2e",
    "%",
    ".",
    "..",
    "a",
    "evil.test",
    "http://",
    "//",
    "é",
    " ",
  ]),
).check(Schema.isMaxLength(12))

it.effect.prop(
  "whatever a client asks for, the URL stays on the base's host",
  [pieces],
  ([parts]) =>
    Effect.sync(() => {
      for (const base of ["https://api.example.test", "https://api.example.test:8443/v1"]) {
        const url = requestedUrl(base, parts.join(""))
        if (url !== undefined) assert.strictEqual(new URL(url).origin, new URL(base).origin)
      }
    }),
  { arbitrary: { runs: 2000 } },
)

it.each(["*", "a:.evil.test/x", "mailto:a@evil.test", "evil.test:443"])(
  "the target %s is no URL below the base",
  (target) => {
    assert.isUndefined(requestedUrl("https://api.example.test", target))
  },
)

it.effect.prop(
  "a normalized URL is its own normal form",
  [pieces],
  ([parts]) =>
    Effect.sync(() => {
      const url = normalizedUrl(`https://api.example.test/${parts.join("")}`)
      if (url !== undefined) assert.strictEqual(normalizedUrl(url), url)
    }),
  { arbitrary: { runs: 2000 } },
)
