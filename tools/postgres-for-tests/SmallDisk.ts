/** A disk of a few megabytes, to see what happens when it is full. */
import { execFileSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Linux lets only root, or a container with that right, mount a file system. */
export class SmallDisk {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /** @throws Error if this process may not mount a file system. */
  static mount(megabytes: number): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), "tokenry-disk-"))
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "pipe" })
    } catch (cause) {
      rmdirSync(folder)
      throw new Error("This process may not mount a file system", { cause })
    }
    return new SmallDisk(folder)
  }

  /** Whether `mount` works here. */
  static get isAvailable(): boolean {
    try {
      SmallDisk.mount(1).unmount()
      return true
    } catch {
      return false
    }
  }

  /** Leaves no free space. */
  fill(): void {
    const file = openSync(this.#ballast, "w")
    const chunk = Buffer.alloc(4096)
    try {
      for (;;) writeSync(file, chunk)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error
    } finally {
      closeSync(file)
    }
  }

  /** Frees the space that `fill` took. */
  clear(): void {
    rmSync(this.#ballast)
  }

  unmount(): void {
    execFileSync("umount", [this.folder])
    rmdirSync(this.folder)
  }

  get #ballast(): string {
    return join(this.folder, "ballast")
  }
}
