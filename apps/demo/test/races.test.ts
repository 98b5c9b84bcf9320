import { afterEach, expect, it } from "vitest"
import { Client } from "./Client.ts"
import { endAll, startDemoProcess } from "./demoProcess.ts"
import { sharedStores } from "./demos.ts"

afterEach(endAll)

const scopes = ["treasure:create", "treasure:edit", "treasure:delete", "treasure:read", "token:manage"]

it.each(sharedStores)(
  "%s: 32 changes of one token at once through two processes come one after the other, and none is lost",
  async (_, url) => {
    const store = { STORE_URL: await url() }
    const demos = [await startDemoProcess(store), await startDemoProcess(store)]
    const owner = await Client.signedIn(demos[0]?.url ?? "", "owner")
    const { token } = await owner.issue({ name: "first", scopes })
    const path = `/api/tokens/${token.id}`

    const changes: ReadonlyArray<object> = [
      ...Array.from({ length: 28 }, (_, index) => ({ name: `name ${index}` })),
      // What a narrower one has overtaken would widen, and is refused.
      ...[4, 3, 2, 1].map((count) => ({ scopes: scopes.slice(0, count) })),
    ]
    const answers = await Promise.all(
      changes.map((change, index) => {
        const url = demos[index % 2]?.url ?? ""
        return new Client(url, { Cookie: owner.cookie, Origin: url }).patch(path, change)
      }),
    )

    const renamings = answers.slice(0, 28)
    expect(renamings.map(({ status }) => status)).toEqual(renamings.map(() => 200))
    expect(answers.slice(28).filter(({ status }) => status !== 200 && status !== 403)).toEqual([])
    const done = answers.filter(({ status }) => status === 200)
    const revisions = done.map(({ body }) => body.revision).toSorted((a, b) => a - b)
    expect(revisions).toEqual(done.map((_, index) => index + 2))

    const { body } = await owner.get(path)
    expect(body).toMatchObject({ revision: 1 + done.length, scopes: ["treasure:create"] })
    // Edits by one person within a minute are one entry each of their kind.
    expect(body.history.map(({ kind }: Record<string, string>) => kind).toSorted()).toEqual([
      "issued",
      "narrowed",
      "renamed",
    ])
  },
)
