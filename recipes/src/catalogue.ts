/** The scopes that the recipes' apps declare. */
import { ScopeCatalogue } from "@tokenry/core"

export const catalogue = ScopeCatalogue.make({
  "treasure:read": "See treasures",
  "treasure:create": "Hide treasures",
  "treasure:edit": { description: "Change treasures", implies: ["treasure:read"] },
  "treasure:delete": "Throw treasures away",
})

export type TreasureScope = "treasure:read" | "treasure:create" | "treasure:edit" | "treasure:delete"
