/** The sample data for an empty store: accounts, treasures and tokens in every state. */
import { ApiToken, type TokenFormat } from "@tokenry/core"
import { Hasher, hintOf, makePlaintext, SecureRandom, unattributed } from "@tokenry/core/adapter"
import type { ApiTokenRepository, OwnerId, Scope, TokenId, TokenName } from "@tokenry/core/adapter"
import { NodeCrypto } from "@tokenry/core/node"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { hashPassword } from "./passwords.ts"
import { olderTokenFormat, plainScopes, scopeCatalogue, tokenFormat } from "./scopes.ts"
import type { Account, Store, Treasure } from "./store/Store.ts"

/** The password of every fixture account. It is public, which is why fixtures are only loaded on a loopback address. */
export const fixturePassword = "treasure-island"

/**
 * Fills the store if it is empty, and returns whether it did. Ids are fixed, and the "filled" marker is written last:
 * if two processes start at once, one fills the store, and an interrupted attempt is completed by the next.
 */
export const loadFixtures = async (store: Store): Promise<boolean> => {
  if (!(await store.isEmpty())) return false
  await Effect.runPromise(addTokens(store.tokenRepository).pipe(Effect.provide(NodeCrypto.layer)))
  return store.addIfEmpty(await accounts(), treasures())
}

const accountIds = {
  owner: "019470a0-0000-7000-8000-000000000001",
  other: "019470a0-0000-7000-8000-000000000002",
  admin: "019470a0-0000-7000-8000-000000000003",
  deactivated: "019470a0-0000-7000-8000-000000000004",
} as const

type AccountName = keyof typeof accountIds

/** The password is public, so a slow hash would protect nothing and only slow down the first start. */
const fixtureCost = { N: 2 ** 10, r: 8, p: 1 }

const accounts = (): Promise<ReadonlyArray<Account>> =>
  Promise.all(
    (Object.keys(accountIds) as ReadonlyArray<AccountName>).map(async (name) => ({
      id: accountIds[name],
      email: `${name}@example.test`,
      passwordHash: await hashPassword(fixturePassword, fixtureCost),
      isAdmin: name === "admin",
      active: name !== "deactivated",
      scopes: name === "admin" ? scopeCatalogue.scopes : plainScopes,
      sessionGeneration: 1,
    })),
  )

const treasures = (): ReadonlyArray<Treasure> =>
  (
    [
      ["owner", "Chest of doubloons", 700],
      ["owner", "Captain Flint's map", 12_000],
      ["owner", "Silver bars", 340.5],
      ["other", "Ben Gunn's cheese", 2],
      ["admin", "The Hispaniola", 90_000],
    ] as const
  ).map(([owner, name, value], index) => ({
    id: `019470a0-0000-7000-9000-${String(index + 1).padStart(12, "0")}`,
    ownedBy: accountIds[owner],
    name,
    value,
    createdAt: new Date(Date.UTC(2025, 0, 15 + index)),
  }))

interface TokenFixture {
  readonly owner: AccountName
  readonly name: string
  readonly scopes: ReadonlyArray<string>
  readonly issuedAgo: Duration.Input
  /** None: never expires. */
  readonly lives?: Duration.Input
  readonly revokedAgo?: Duration.Input
  readonly issuedTo?: string
  readonly format?: TokenFormat
}

const tokenFixtures: ReadonlyArray<TokenFixture> = [
  { owner: "owner", name: "Laptop", scopes: plainScopes, issuedAgo: "20 days", lives: "90 days" },
  { owner: "owner", name: "Backup script", scopes: ["treasure:read"], issuedAgo: "200 days" },
  { owner: "owner", name: "Expires soon", scopes: ["treasure:edit"], issuedAgo: "87 days", lives: "90 days" },
  { owner: "owner", name: "Last year's CI", scopes: ["treasure:create"], issuedAgo: "120 days", lives: "90 days" },
  {
    owner: "owner",
    name: "Lost phone",
    scopes: plainScopes,
    issuedAgo: "40 days",
    lives: "90 days",
    revokedAgo: "9 days",
  },
  { owner: "owner", name: "Who am I", scopes: [], issuedAgo: "2 days", lives: "30 days" },
  {
    owner: "owner",
    name: "Chart plotter",
    scopes: ["treasure:read"],
    issuedAgo: "5 days",
    lives: "90 days",
    issuedTo: "chart-plotter",
  },
  {
    owner: "owner",
    name: "From the old system",
    scopes: ["treasure:read"],
    issuedAgo: "300 days",
    format: olderTokenFormat,
  },
  { owner: "other", name: "Spreadsheet", scopes: ["treasure:read"], issuedAgo: "10 days", lives: "90 days" },
  { owner: "admin", name: "Monitoring", scopes: ["token:introspect"], issuedAgo: "10 days", lives: "90 days" },
  { owner: "deactivated", name: "Former colleague's CI", scopes: plainScopes, issuedAgo: "60 days", lives: "90 days" },
]

/**
 * Written with the rules directly, because use cases can only issue tokens as of now. Their plaintexts are discarded.
 */
const addTokens = Effect.fnUntraced(function* (repository: ApiTokenRepository["Service"]) {
  const random = yield* SecureRandom
  const hasher = yield* Hasher
  const now = yield* DateTime.now
  const ago = (duration: Duration.Input) => DateTime.subtractDuration(now, duration)
  for (const [index, fixture] of tokenFixtures.entries()) {
    const { format = tokenFormat, issuedAgo, lives, revokedAgo } = fixture
    const plaintext = makePlaintext(format, random)
    const createdAt = ago(issuedAgo)
    const issued = ApiToken.issue(
      {
        id: `019470a0-0000-7000-a000-${String(index + 1).padStart(12, "0")}` as TokenId,
        ownedBy: accountIds[fixture.owner] as string as OwnerId,
        name: fixture.name as TokenName,
        scopes: fixture.scopes as ReadonlyArray<Scope>,
        expiresAt: lives === undefined ? Option.none() : Option.some(DateTime.addDuration(createdAt, lives)),
        issuedTo: Option.fromUndefinedOr(fixture.issuedTo),
        ancestors: [],
        boundTo: Option.none(),
      },
      { digest: hasher.sha256(plaintext), keyId: Option.none(), hint: hintOf(format, plaintext) },
      createdAt,
      unattributed,
    )
    const token =
      revokedAgo === undefined
        ? issued
        : issued.revoke({ at: ago(revokedAgo), reason: "the phone is lost" }, unattributed)
    yield* repository.insert(token).pipe(Effect.catchTag("DuplicateToken", () => Effect.void))
  }
})
