/** The indexes of the collections of tokens and usage, as migrations. */
import type { IndexDefinition } from "./indexes.ts"
import type { Migration } from "./Migrations.ts"

/** The name of the collection with the usage of these tokens. */
export const usageCollectionOf = (collection: string): string => `${collection}_usage`

const unrevoked = { revocation: null }

/**
 * The migrations for a collection of tokens with this name. Until 0.1.0 is released there is one, edited in place; after
 * that, add a new one for each change.
 *
 * Stable API V1 has partial indexes but no sparse ones. MongoDB uses a partial index only for queries whose filter implies
 * the index's own.
 */
export const tokenMigrations = (collection: string): ReadonlyArray<Migration> => {
  const index = (
    name: string,
    key: IndexDefinition["key"],
    options: Pick<IndexDefinition, "unique" | "partialFilterExpression"> = {},
  ): IndexDefinition => ({ collection, name, key, ...options })

  return [
    {
      version: 1,
      name: "tokens and their uses",
      create: [
        // Verifies look up digests here, and no two tokens share one.
        index("digest", { "secrets.digest": 1 }, { unique: true }),
        index("key_id", { "secrets.keyId": 1, _id: 1 }),
        index("owner_newest_first", { ownedBy: 1, createdAt: -1, _id: -1 }),
        index("owner_unrevoked", { ownedBy: 1, expiresAt: 1, _id: 1 }, { partialFilterExpression: unrevoked }),
        index(
          "issued_to",
          { issuedTo: 1, ownedBy: 1, _id: 1 },
          { partialFilterExpression: { issuedTo: { $gt: "" }, ...unrevoked } },
        ),
        index("ancestor", { ancestors: 1 }, { partialFilterExpression: { ancestors: { $gt: "" } } }),
        index("created", { createdAt: 1, _id: 1 }, { partialFilterExpression: unrevoked }),
        index("expires", { expiresAt: 1, _id: 1 }),
        index("revoked", { "revocation.at": 1 }, { partialFilterExpression: { "revocation.at": { $exists: true } } }),
        index("undelivered", { undelivered: 1, _id: 1 }, { partialFilterExpression: { undelivered: { $gt: 0 } } }),
        { collection: usageCollectionOf(collection), name: "token", key: { tokenId: 1 } },
      ],
    },
  ]
}
