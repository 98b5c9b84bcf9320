/** npm's packages of Node itself name their platform in a string, where pnpm expects a list. */
module.exports = {
  hooks: {
    readPackage: (manifest) =>
      /^node-(bin-)?(darwin|linux|win)-/.test(manifest.name)
        ? { ...manifest, os: [manifest.os].flat(), cpu: [manifest.cpu].flat() }
        : manifest,
  },
}
