/** What all use cases are made from. */
import type { Option } from "effect"
import type { UsageRecorder } from "../background/UsageRecorder.ts"
import type { Digesting } from "../digesting.ts"
import type { ApiTokenRepository } from "../ports/ApiTokenRepository.ts"
import type { OwnerDirectory } from "../ports/OwnerDirectory.ts"
import type { SecureRandom } from "../ports/SecureRandom.ts"
import type { TokenFormat } from "../token/TokenFormat.ts"
import type { TokenPolicy } from "../token/TokenPolicy.ts"
import type { Rules } from "./proposals.ts"

export interface UseCaseParts {
  readonly repository: ApiTokenRepository["Service"]
  readonly owners: Option.Option<OwnerDirectory["Service"]>
  /** None: uses are not recorded. */
  readonly usage: Option.Option<Pick<UsageRecorder, "usageOf" | "since">>
  readonly random: SecureRandom["Service"]
  readonly digesting: Digesting
  readonly rules: Rules
  readonly policy: TokenPolicy
  /** The format of new tokens. */
  readonly format: TokenFormat
}
