/** The opaque string a client sends to get the next page of a list. */
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as Base64Url from "effect/encoding/Base64Url"

interface Position<Id extends string> {
  readonly createdAt: DateTime.Utc
  readonly id: Id
}

const encode = ({ createdAt, id }: Position<string>): string => Base64Url.encode(`${createdAt.epochMilliseconds}.${id}`)

/** The position in a cursor; `undefined` if no page could have returned it, for example because its id is invalid. */
const decode = <Id extends string>(cursor: string, isId: (value: unknown) => value is Id): Position<Id> | undefined => {
  const [, milliseconds, id] =
    /^(\d{1,15})\.(.+)$/.exec(Result.getOrElse(Base64Url.decodeString(cursor), () => "")) ?? []
  if (milliseconds === undefined || !isId(id)) return undefined
  const position = { createdAt: DateTime.makeUnsafe(Number(milliseconds)), id }
  return encode(position) === cursor ? position : undefined
}

export const ListCursor = { encode, decode } as const
