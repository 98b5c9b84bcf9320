/** Tokenry as a contestant: from the Authorization header to a caller. */
import type { PromiseApiTokens } from "@tokenry/core/promise"
import { Guard, readBearer } from "@tokenry/http"
import { type Contestant, contestant } from "./contestant.ts"
import { requirement, type scope } from "./setting.ts"

type Tokens = PromiseApiTokens<typeof scope>

/** Reads the header and verifies, as `bearer` does, without a framework. */
export const verifying = ({ verify }: Pick<Tokens, "verify">): Contestant =>
  contestant(
    (header) => {
      const credentials = readBearer([header])
      return credentials._tag === "Bearer" ? verify(credentials.token, requirement) : refused
    },
    (verification) => (verification?.accepted ? verification.caller.ownedBy : undefined),
  )

const refused = Promise.resolve(undefined)

/** The guard beneath all adapters, which also renders a denial. */
export const guarding = (tokens: Tokens): Contestant => {
  const guard = Guard.make({ tokens, realm: "bench" })
  return contestant(
    (header) => guard.admit({ headerValues: () => [header] }, requirement.scopes),
    (admission) => (admission.admitted ? admission.caller.ownedBy : undefined),
  )
}
