/** How all tests run, a project for each package: `vitest run --config vitest.workspace.ts`. */
import { join } from "node:path"
import { defineConfig } from "vitest/config"

const roots = [
  "packages/core",
  "packages/sqlite",
  "packages/http",
  "packages/koa",
  "packages/fetch",
  "packages/jwt",
  "packages/dpop",
  "packages/express",
  "packages/fastify",
  "packages/hono",
  "packages/oidc-provider",
  "packages/mongodb",
  "packages/postgres",
  "packages/repository-contract",
  "apps/demo",
  "recipes",
  "tools",
]

/** Those whose tests ask for a MongoDB server. */
const withMongodb: ReadonlyArray<string> = ["packages/mongodb", "apps/demo"]
const mongodb = join(import.meta.dirname, "tools/mongodb-for-tests/globalSetup.ts")

/** Those whose tests use a PostgreSQL server. */
const withPostgres: ReadonlyArray<string> = ["packages/postgres", "apps/demo"]
const postgres = join(import.meta.dirname, "tools/postgres-for-tests/globalSetup.ts")

/** Those whose tests ask for a browser. */
const withBrowser: ReadonlyArray<string> = ["apps/demo"]
const browser = join(import.meta.dirname, "apps/demo/test/browser/globalSetup.ts")

/** Packages are tested as their sources stand, without a build. */
const conditions = ["@tokenry/source", "module", "node", "development|production"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: roots.map((root) => ({
      extends: true as const,
      test: {
        name: root,
        root,
        include: ["test/**/*.test.ts"],
        // A project's test files share their modules: evaluating Effect and the sources again for each was most of a run.
        isolate: false,
        restoreMocks: true,
        // Programs that tests start load twice as fast from it.
        env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/node-compile") },
        globalSetup: [
          ...(withMongodb.includes(root) ? [mongodb] : []),
          ...(withPostgres.includes(root) ? [postgres] : []),
          ...(withBrowser.includes(root) ? [browser] : []),
        ],
      },
    })),
    reporters: ["default", "./tools/ClosingLine.ts"],
    // Two at a time also on two cores, since many tests wait for a server, a browser or a process.
    maxWorkers: 2,
    // Concurrent tests of one file mostly wait for a server to give up on a request.
    maxConcurrency: 25,
    // For what hangs. A machine that is busy takes its time.
    testTimeout: 300_000,
    expect: { poll: { timeout: 200_000 } },
    hookTimeout: 300_000,
  },
})
