/** A session whose person signed in more than an hour ago. */
import { createHash } from "node:crypto"
import type { Demo } from "../../src/Demo.ts"

/** `cookie` is the session's, as it is sent. */
export const signedInLongAgo = async ({ store }: Pick<Demo, "store">, cookie: string): Promise<void> => {
  const idHash = createHash("sha256").update(cookie.replace("tokenry_demo_session=", "")).digest("base64url")
  const data = await store.sessions.get(idHash, new Date())
  if (data === undefined) throw new Error("There is no such session")
  const signedInAt = Date.now() - 61 * 60 * 1000
  await store.sessions.set(idHash, { ...data, signedInAt }, new Date(Date.now() + 60 * 60 * 1000))
}
