/** What every use case is built from. */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { MakeRoom } from "../background/AuditDelivery.ts"
import type { UsageRecorder } from "../background/UsageRecorder.ts"
import type { RepositoryUnavailable } from "../errors.ts"
import type { AuditSinkUnavailable } from "../ports/AuditSink.ts"
import type { Digesting } from "../ports/digesting.ts"
import type { OwnerDirectory } from "../ports/OwnerDirectory.ts"
import type { Repository } from "../ports/Repository.ts"
import type { SecureRandom } from "../ports/SecureRandom.ts"
import type { TokenFormat } from "../token/TokenFormat.ts"
import type { TokenPolicy } from "../token/TokenPolicy.ts"
import type { Parse } from "./parsing.ts"
import type { Rules } from "./proposals.ts"

export interface UseCaseParts {
  readonly repository: Repository
  readonly owners: Option.Option<OwnerDirectory["Service"]>
  /** None: uses are not recorded. */
  readonly usage: Option.Option<Pick<UsageRecorder, "usageOf" | "since">>
  readonly random: SecureRandom["Service"]
  readonly digesting: Digesting
  readonly rules: Rules
  readonly policy: TokenPolicy
  /** Delivers everything undelivered to the audit sink, if there is one. */
  readonly deliverEverything: Effect.Effect<void, AuditSinkUnavailable | RepositoryUnavailable>
  readonly makeRoom: MakeRoom
  readonly parse: Parse
  /** The format of new tokens. */
  readonly format: TokenFormat
}
