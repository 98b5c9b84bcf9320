/** A proof names the URL that the client requested, so an adapter must pass that on, not what a router made of it. */
import type { RequestListener } from "node:http"
import { MemoryRepository, ScopeCatalogue } from "@tokenry/core"
import { createApiTokens, type PromiseApiTokens } from "@tokenry/core/promise"
import type { DpopVerifier, PresentedProof } from "@tokenry/http"
import { expect, it, onTestFinished } from "vitest"
import { serve } from "./wire.ts"

interface Checking {
  readonly tokens: PromiseApiTokens
  readonly realm: string
  readonly dpop: DpopVerifier
}

/** An app whose guard is mounted at `/api`, as far as the framework can, with introspection at `/oauth/introspect`. */
export const targetConformance = (app: (options: Checking) => RequestListener | Promise<RequestListener>): void =>
  it("a proof is checked against the method and the whole URL of the request (RFC 9449 §4.3)", async () => {
    const asked: Array<readonly [string, string]> = []
    const dpop: DpopVerifier = {
      algorithms: ["ES256"],
      isRequired: false,
      verify: async ({ method, target }: PresentedProof) => {
        asked.push([method, target.replace(/^http:\/\/127\.0\.0\.1(?::\d+)?/, "")])
        return { valid: false, error: "invalid_dpop_proof", description: "Refused by the test" }
      },
    }
    const tokens = await createApiTokens({ repository: MemoryRepository.layer, catalogue: ScopeCatalogue.make({}) })
    onTestFinished(() => tokens.close())
    const server = await serve(await app({ tokens, realm: "treasures", dpop }))
    onTestFinished(() => server[Symbol.asyncDispose]())
    const requests = [
      ["GET", "/api/treasures?page=2"],
      ["POST", "/oauth/introspect"],
    ] as const
    for (const [method, target] of requests) {
      const headers = { Authorization: "DPoP abc", DPoP: "def" }
      const { status } = await fetch(`http://127.0.0.1:${server.port}${target}`, { method, headers })
      expect(status).toBe(401)
    }
    expect(asked).toEqual(requests)
  })
