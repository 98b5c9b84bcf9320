/** The indexes of the collections of tokens and of their uses, as migrations. */
import type { IndexKey } from "./Driver.ts"
import type { IndexDefinition } from "./indexes.ts"
import type { Migration } from "./Migrations.ts"

/** Where the uses of the tokens in this collection are recorded. */
export const usageCollectionOf = (collection: string): string => `${collection}_usage`

/**
 * The repository's own migrations, for the collection of tokens with this name. What is released is never edited: what comes next
 * gets the next number.
 */
export const tokenMigrations = (collection: string): ReadonlyArray<Migration> => {
  const index = (
    name: string,
    key: IndexKey,
    options: Pick<IndexDefinition, "unique" | "sparse"> = {},
  ): IndexDefinition => ({ collection, name, key, ...options })

  return [
    {
      version: 1,
      name: "look-ups of tokens",
      create: [
        // No two tokens have one digest; `verify` looks it up here.
        index("digest", { "secrets.digest": 1 }, { unique: true }),
        index("key_id", { "secrets.keyId": 1 }),
        index("owner_newest_first", { ownedBy: 1, createdAt: -1, _id: -1 }),
        index("issued_to", { issuedTo: 1, ownedBy: 1 }),
        index("ancestor", { ancestors: 1 }),
        index("created", { createdAt: 1, _id: 1 }),
        index("expires", { expiresAt: 1, _id: 1 }),
        index("revoked", { "revocation.at": 1 }, { sparse: true }),
      ],
    },
    {
      version: 2,
      name: "uses, undelivered changes, batches by key",
      create: [
        index("undelivered", { undelivered: 1, _id: 1 }),
        index("key_id_in_batches", { "secrets.keyId": 1, _id: 1 }),
        { collection: usageCollectionOf(collection), name: "token", key: { tokenId: 1 } },
      ],
    },
  ]
}
