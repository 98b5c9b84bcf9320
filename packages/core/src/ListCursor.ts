/** The opaque string by which a client asks for an owner's next page of tokens. */
import { DateTime, Result } from "effect"
import { Base64Url } from "effect/encoding"
import type { ListPosition } from "./ports/ApiTokenRepository.ts"
import { TokenId } from "./token/TokenId.ts"

const encode = ({ createdAt, id }: ListPosition): string => Base64Url.encode(`${createdAt.epochMilliseconds}.${id}`)

/** The position in a cursor, or `undefined` if no page ever gave this cursor out. */
const decode = (cursor: string): ListPosition | undefined => {
  const [, milliseconds, id] =
    /^(\d{1,15})\.(.+)$/.exec(Result.getOrElse(Base64Url.decodeString(cursor), () => "")) ?? []
  if (milliseconds === undefined || !TokenId.is(id)) return undefined
  const position = { createdAt: DateTime.makeUnsafe(Number(milliseconds)), id }
  return encode(position) === cursor ? position : undefined
}

export const ListCursor = { encode, decode } as const
