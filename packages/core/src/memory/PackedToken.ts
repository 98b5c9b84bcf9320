/** A token as the store in memory keeps it: in as few objects as possible, to save memory and speed up lookups. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { FoundToken } from "../ports/ApiTokenRepository.ts"
import { ApiToken, expiryAsInstant, expiryOf, type VerifiableToken } from "../token/ApiToken.ts"
import type { Change } from "../token/Change.ts"
import { Digest } from "../token/Digest.ts"
import type { Secret, VerifiableSecret } from "../token/Secret.ts"

/** A secret, and at once the answer to a lookup by its digest. */
export abstract class PackedSecret implements FoundToken, VerifiableSecret {
  abstract readonly token: PackedToken
  readonly generation: Secret["generation"]
  readonly keyId: Secret["keyId"]
  readonly state: Secret["state"]
  readonly hint: Secret["hint"]
  readonly #hex: string

  constructor({ digest, generation, keyId, hint, state }: Secret) {
    this.generation = generation
    this.keyId = keyId
    this.state = state
    this.hint = hint
    this.#hex = digest.hex
  }

  get secret(): this {
    return this
  }

  get digest(): Digest {
    return Digest.fromHex(this.#hex)
  }
}

/** A token, which is also its newest secret: most tokens have no other. */
export class PackedToken extends PackedSecret implements VerifiableToken {
  readonly id: ApiToken["id"]
  readonly ownedBy: ApiToken["ownedBy"]
  readonly scopes: ApiToken["scopes"]
  readonly expiry: number
  readonly revocation: ApiToken["revocation"]
  readonly ancestors: ApiToken["ancestors"]
  readonly boundTo: ApiToken["boundTo"]
  readonly name: ApiToken["name"]
  /** In milliseconds. */
  readonly created: number
  readonly issuedTo: ApiToken["issuedTo"]
  readonly undelivered: number
  readonly revision: number
  readonly #olderSecrets: ReadonlyArray<PackedSecret>
  /** JSON takes less memory than objects, and only `unpack` reads it. */
  readonly #history: string

  constructor(token: ApiToken, scopes: ApiToken["scopes"]) {
    const [newest, ...older] = token.secrets
    super(newest)
    this.id = token.id
    this.ownedBy = token.ownedBy
    this.scopes = scopes
    this.expiry = expiryOf(token)
    this.revocation = token.revocation
    this.ancestors = token.ancestors.length === 0 ? none : Object.freeze([...token.ancestors])
    this.boundTo = token.boundTo
    this.name = token.name
    this.created = token.createdAt.epochMilliseconds
    this.issuedTo = token.issuedTo
    this.undelivered = token.undelivered
    this.revision = token.revision
    this.#olderSecrets = older.length === 0 ? none : older.map((secret) => new OlderSecret(secret, this))
    this.#history = JSON.stringify(token.history.map(packedChangeOf))
  }

  get token(): this {
    return this
  }

  get expiresAt(): ApiToken["expiresAt"] {
    return expiryAsInstant(this.expiry)
  }

  /** The newest first. */
  get secrets(): readonly [PackedSecret, ...ReadonlyArray<PackedSecret>] {
    return [this, ...this.#olderSecrets]
  }

  /** Its scopes and ancestors are the store's own lists, which are frozen. */
  unpack(): ApiToken {
    const [newest, ...older] = this.secrets
    const secrets: ApiToken["secrets"] = [secretOf(newest), ...older.map(secretOf)]
    const history = JSON.parse(this.#history) as ReadonlyArray<PackedChange>
    return new ApiToken({
      id: this.id,
      ownedBy: this.ownedBy,
      scopes: this.scopes,
      expiresAt: this.expiresAt,
      revocation: this.revocation,
      ancestors: this.ancestors,
      boundTo: this.boundTo,
      name: this.name,
      createdAt: DateTime.makeUnsafe(this.created),
      issuedTo: this.issuedTo,
      undelivered: this.undelivered,
      revision: this.revision,
      secrets,
      history: history.map(changeOf),
    })
  }
}

class OlderSecret extends PackedSecret {
  readonly token: PackedToken

  constructor(secret: Secret, token: PackedToken) {
    super(secret)
    this.token = token
  }
}

const secretOf = ({ digest, generation, keyId, hint, state }: PackedSecret): Secret => ({
  digest,
  generation,
  keyId,
  hint,
  state,
})

/** A change as a list, which is shorter and written faster than an object. */
const packedChangeOf = ({ kind, at, actor, origin, detail }: Change) =>
  [kind, at.epochMilliseconds, actor, origin, Option.getOrNull(detail)] as const

type PackedChange = ReturnType<typeof packedChangeOf>

const changeOf = ([kind, at, actor, origin, detail]: PackedChange): Change => ({
  kind,
  at: DateTime.makeUnsafe(at),
  actor,
  origin,
  detail: Option.fromNullOr(detail),
})

const none: ReadonlyArray<never> = Object.freeze([])
