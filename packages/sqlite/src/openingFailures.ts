/** Why a path can't be opened, in words for the person who has to put it right. */
import { accessSync, constants, lstatSync, statSync, type Stats } from "node:fs"
import { dirname } from "node:path"
import type { SqliteOpenReason } from "./SqliteOpenError.ts"

/** What the system says when it refuses a path. */
export const reasonOfRefusal = (path: string, error: unknown): SqliteOpenReason | undefined => {
  const folder = dirname(path)
  switch (codeOf(error)) {
    case "ENOENT":
      return cannotOpen(`there is no folder ${folder}. Make it, or check the path`)
    case "ENOTDIR":
      return cannotOpen(`a part of the folder ${folder} is a file. Check the path`)
    case "EISDIR":
      return cannotOpen("it is a folder. Give the path of a file in it")
    case "EACCES":
      return permits(folder, constants.X_OK)
        ? { _tag: "NotWritable" }
        : cannotOpen(`this process may not look into the folder ${folder}. Give its user the right to`)
    case "EPERM":
    case "EROFS":
      return { _tag: "NotWritable" }
    case "ENAMETOOLONG":
      return cannotOpen("its name is too long for the file system. Give a shorter one")
    case "ELOOP":
      return cannotOpen("its path is a circle of links. Check where they lead")
    case "ENOSPC":
    case "EDQUOT":
      return cannotOpen("the disk, or the quota, is full. Make room")
    case "EMFILE":
    case "ENFILE":
      return cannotOpen("too many files are open. Raise the limit, or find out who leaves them open")
    case "EINVAL":
    case "ERR_INVALID_ARG_VALUE":
      return cannotOpen("its name is none that a file can have. Check the path")
    default:
      return undefined
  }
}

/** SQLite says no more than that it can't open the file; the path and the files beside it say more. */
export const reasonByPath = (path: string): SqliteOpenReason | undefined => {
  const file = look(path, statSync)
  if (!(file && "mode" in file)) {
    const link = look(path, lstatSync)
    return link && "mode" in link ? reasonOfLink(path, file) : reasonOfRefusal(path, link)
  }
  if (file.isDirectory()) return cannotOpen("it is a folder. Give the path of a file in it")
  if (!file.isFile()) return cannotOpen("it is no ordinary file. Check the path")
  if (!permits(path, constants.R_OK)) return cannotOpen("this process may not read it. Give its user the right to")
  if (!permits(path, constants.W_OK) || !permits(dirname(path), constants.W_OK)) return { _tag: "NotWritable" }
  const foreign = [`${path}-wal`, `${path}-shm`].find((beside) => isForeign(beside))
  return foreign === undefined
    ? undefined
    : cannotOpen(
        `${foreign} beside it can't be read and written by this process. Another user's process made it: end that one, ` +
          "and let the file belong to this process's user",
      )
}

const reasonOfLink = (path: string, refusal: unknown): SqliteOpenReason | undefined =>
  codeOf(refusal) === "ENOENT"
    ? cannotOpen("it is a link to a file that does not exist. Make that file, or give its own path")
    : reasonOfRefusal(path, refusal)

/** Whether it is there, and not a file that this process can use. */
const isForeign = (path: string): boolean => {
  const file = look(path, statSync)
  return file !== undefined && "mode" in file && !(file.isFile() && permits(path, constants.R_OK | constants.W_OK))
}

/** What is there, or the system's refusal. */
const look = (path: string, stat: (path: string) => Stats): Stats | Error => {
  try {
    return stat(path)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const permits = (path: string, mode: number): boolean => {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined

const cannotOpen = (detail: string): SqliteOpenReason => ({ _tag: "CannotOpen", detail })
