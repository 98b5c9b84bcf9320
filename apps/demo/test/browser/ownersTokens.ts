/** An account's tokens as the store has them, whatever the pages say. */
import type { Demo } from "../../src/Demo.ts"

export const accountId = async ({ store }: Demo, account: string): Promise<string> => {
  const found = await store.accounts.findByEmail(`${account}@example.test`)
  if (found === undefined) throw new Error(`There is no account ${account}`)
  return found.id
}

/** At most 100 of them, the newest first. */
export const tokensOf = async (demo: Demo, account: string) => {
  const { items } = await demo.tokens.list({ ownedBy: await accountId(demo, account), state: "any", limit: 100 })
  return items
}

export const tokenNamed = async (demo: Demo, account: string, name: string) => {
  const found = (await tokensOf(demo, account)).filter((token) => token.name === name)
  if (found.length !== 1) throw new Error(`There are ${found.length} tokens of ${account} named ${name}`)
  return found[0]!
}
