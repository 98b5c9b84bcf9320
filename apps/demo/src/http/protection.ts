/** What the demo's tokens protect, as challenges and the resource's metadata tell it. */
import { type Protection, ProtectedResourceMetadata, type ProtectedResourceOptions } from "@tokenry/http"
import type { Services } from "../Services.ts"

/** The resource is what the world calls the service, whatever a request calls it. */
export const resourceOf = (
  { publicUrl }: Pick<Services, "publicUrl">,
  scopes: ReadonlyArray<string>,
): ProtectedResourceOptions => ({
  resource: publicUrl,
  scopes,
  name: "Treasures",
})

export const protectionOf = (services: Pick<Services, "publicUrl">): Protection => ({
  realm: "treasures",
  resourceMetadata: ProtectedResourceMetadata.make(resourceOf(services, [])).url,
})
