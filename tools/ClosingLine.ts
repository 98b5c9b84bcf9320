/** Ends a test run with one line that people and scripts can read: `12 passed, 0 failed`. */
import type { Reporter, TestModule, TestRunEndReason } from "vitest/node"

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<unknown>, reason: TestRunEndReason): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1
      if (module.state() === "failed" && module.errors().length > 0) counts.failed += 1
    }
    // For example if the global setup failed.
    if (reason === "failed" && counts.failed === 0) counts.failed = 1
    const skipped = counts.skipped + counts.pending
    const line = `${counts.passed} passed, ${counts.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`
    // Printed last, after the default reporter's summary.
    process.once("exit", () => process.stdout.write(`\n${line}\n`))
  }
}
