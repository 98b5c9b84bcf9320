/** Every use case but verifying: loaded together, when the first of them runs. */
import { makeAuthority } from "./authority.ts"
import { binding } from "./binding.ts"
import { changing } from "./changing.ts"
import { issuing } from "./issuing.ts"
import { reading } from "./reading.ts"
import { showing } from "./showing.ts"
import { sweeping } from "./sweeping.ts"
import type { UseCaseParts } from "./UseCaseParts.ts"

export const managing = (parts: UseCaseParts) => {
  const authority = makeAuthority(parts.repository, parts.owners)
  return {
    ...issuing(parts, authority),
    ...reading(parts, authority),
    ...showing(parts),
    ...changing(parts, authority),
    ...binding(parts),
    ...sweeping(parts),
  }
}
