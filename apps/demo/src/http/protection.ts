/** What the demo's tokens protect, as described in challenges and the resource's metadata. */
import { type Protection, ProtectedResourceMetadata, type ProtectedResourceOptions } from "@tokenry/http"
import type { Services } from "../Services.ts"

/** The resource is identified by the service's public URL, whatever host a request names. */
export const resourceOf = (
  { publicUrl }: Pick<Services, "publicUrl">,
  scopes: ReadonlyArray<string>,
): ProtectedResourceOptions => ({
  resource: publicUrl,
  scopes,
  authorizationServers: [publicUrl],
  name: "Treasures",
})

export const protectionOf = (services: Pick<Services, "publicUrl">): Protection => ({
  realm: "treasures",
  resourceMetadata: ProtectedResourceMetadata.make(resourceOf(services, [])).url,
})
