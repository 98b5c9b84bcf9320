/** Checks that the package.json files of the installed packages agree with each other. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { isBuiltin } from "node:module"
import { join } from "node:path"

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly type?: string
  readonly license?: string
  readonly sideEffects?: boolean
  readonly engines?: { readonly node?: string }
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const scope = "@tokenry/"
const core = `${scope}core`

/** Lists the faults of the packages in a `node_modules` folder, one per line. */
export const manifestFaults = (nodeModules: string): ReadonlyArray<string> => {
  const manifests = globSync(`${scope}*/package.json`, { cwd: nodeModules }).map((file) =>
    manifestAt(join(nodeModules, file)),
  )
  const reference = manifests.find(({ name }) => name === core)
  if (reference === undefined) return [`${core} is not installed`]
  return manifests.flatMap((manifest) =>
    [
      ...metadataFaults(manifest, reference),
      ...exportFaults(manifest, join(nodeModules, manifest.name)),
      ...dependencyFaults(manifest, reference),
      ...typeDependencyFaults(manifest, nodeModules),
    ].map((fault) => `${manifest.name}: ${fault}`),
  )
}

export const manifestAt = (file: string): Manifest => JSON.parse(readFileSync(file, "utf8")) as Manifest

const metadataFaults = (manifest: Manifest, reference: Manifest): ReadonlyArray<string> => [
  ...(["version", "type", "license", "sideEffects"] as const)
    .filter((field) => manifest[field] === undefined || manifest[field] !== reference[field])
    .map((field) => `${field} must be ${JSON.stringify(reference[field])}, as in ${core}`),
  ...(manifest.engines?.node === reference.engines?.node ? [] : [`engines.node must be ${reference.engines?.node}`]),
]

const exportFaults = (manifest: Manifest, folder: string): ReadonlyArray<string> =>
  Object.entries(manifest.exports).flatMap(([entry, conditions]) => [
    ...(Object.keys(conditions).join() === "types,default"
      ? []
      : [`exports["${entry}"] must have the conditions types and default, in this order, and no other`]),
    ...Object.values(conditions)
      .filter((file) => !existsSync(join(folder, file)))
      .map((file) => `exports["${entry}"] names ${file}, which is not in the archive`),
  ])

const dependencyFaults = (
  { name, dependencies = {}, peerDependencies = {} }: Manifest,
  reference: Manifest,
): ReadonlyArray<string> => [
  ...(peerDependencies["effect"] === reference.peerDependencies?.["effect"]
    ? []
    : [`the peer effect must be ${reference.peerDependencies?.["effect"]}`]),
  ...(name === core || peerDependencies[core] === `^${reference.version}`
    ? []
    : [`${core} must be a peer, ^${reference.version}, so that an application has one`]),
  ...Object.entries(dependencies)
    .filter(([name, range]) => name === core || (name.startsWith(scope) && range !== `^${reference.version}`))
    .map(([name]) => `the dependency ${name} must be ^${reference.version}, and ${core} none`),
]

/** Whatever the declarations refer to must be installed with the package, as a dependency or a peer, with its types. */
const typeDependencyFaults = (manifest: Manifest, nodeModules: string): ReadonlyArray<string> => {
  const { name, dependencies = {}, peerDependencies = {} } = manifest
  const comesAlong = (dependency: string) => dependency in dependencies || dependency in peerDependencies
  return packagesReferredTo(join(nodeModules, name))
    .filter((referred) => referred !== name)
    .flatMap((referred) => {
      if (isBuiltin(referred)) return ["@types/node"]
      return hasOwnTypes(join(nodeModules, referred)) ? [referred] : [referred, `@types/${referred}`]
    })
    .filter((needed, index, all) => !comesAlong(needed) && all.indexOf(needed) === index)
    .map((needed) => `its types refer to ${needed}, which is neither a dependency nor a peer`)
}

const packagesReferredTo = (folder: string): ReadonlyArray<string> => {
  const declarations = globSync("dist/**/*.d.ts", { cwd: folder }).map((file) =>
    readFileSync(join(folder, file), "utf8"),
  )
  const specifiers = declarations.flatMap((code) =>
    Array.from(code.matchAll(/\b(?:from|import\(|module) ?"([^."][^"]*)"/g), ([, specifier]) => specifier ?? ""),
  )
  return [...new Set(specifiers.map(packageOf))]
}

/** The package of an import: `@koa/router` for `@koa/router/lib`. */
export const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")

const hasOwnTypes = (folder: string): boolean =>
  globSync("**/*.d.{ts,mts,cts}", { cwd: folder, exclude: ["node_modules"] }).length > 0
