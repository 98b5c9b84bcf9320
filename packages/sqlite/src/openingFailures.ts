/** Why a path can't be opened, for the person who has to fix it. */
import { accessSync, constants, lstatSync, statSync, type Stats } from "node:fs"
import { dirname } from "node:path"
import type { SqliteOpenReason } from "./SqliteOpenError.ts"

/** Translates the system's error for a path. */
export const reasonOfRefusal = (path: string, error: unknown): SqliteOpenReason | undefined => {
  const folder = dirname(path)
  switch (codeOf(error)) {
    case "ENOENT":
      return cannotOpen(`the folder ${folder} doesn't exist. Create it, or check the path`)
    case "ENOTDIR":
      return cannotOpen(`a part of the folder ${folder} is a file. Check the path`)
    case "EISDIR":
      return cannotOpen("it is a folder. Give the path of a file in it")
    case "EACCES":
      return permits(folder, constants.X_OK)
        ? { _tag: "NotWritable" }
        : cannotOpen(`this process isn't allowed to access the folder ${folder}. Give its user permission`)
    case "EPERM":
    case "EROFS":
      return { _tag: "NotWritable" }
    case "ENAMETOOLONG":
      return cannotOpen("its name is too long for the file system. Give a shorter one")
    case "ELOOP":
      return cannotOpen("its path contains a loop of symbolic links. Check where they lead")
    case "ENOSPC":
    case "EDQUOT":
      return cannotOpen("the disk, or the quota, is full. Make room")
    case "EMFILE":
    case "ENFILE":
      return cannotOpen("too many files are open. Raise the limit, or find out who leaves them open")
    case "EINVAL":
    case "ERR_INVALID_ARG_VALUE":
      return cannotOpen("its name is not a valid file name. Check the path")
    default:
      return undefined
  }
}

/** SQLite only reports that it can't open the file. The path and the files beside it reveal more. */
export const reasonByPath = (path: string): SqliteOpenReason | undefined => {
  const file = look(path, statSync)
  if (!(file && "mode" in file)) {
    const link = look(path, lstatSync)
    return link && "mode" in link ? reasonOfLink(path, file) : reasonOfRefusal(path, link)
  }
  if (file.isDirectory()) return cannotOpen("it is a folder. Give the path of a file in it")
  if (!file.isFile()) return cannotOpen("it is not a regular file. Check the path")
  if (!permits(path, constants.R_OK))
    return cannotOpen("this process isn't allowed to read it. Give its user permission")
  if (!permits(path, constants.W_OK) || !permits(dirname(path), constants.W_OK)) return { _tag: "NotWritable" }
  const foreign = [`${path}-wal`, `${path}-shm`].find((beside) => isForeign(beside))
  return foreign === undefined
    ? undefined
    : cannotOpen(
        `${foreign} beside it can't be read and written by this process. Another user's process created it: stop that process, ` +
          "and make this process's user the file's owner",
      )
}

const reasonOfLink = (path: string, refusal: unknown): SqliteOpenReason | undefined =>
  codeOf(refusal) === "ENOENT"
    ? cannotOpen("it is a link to a file that doesn't exist. Create that file, or use the path of an existing one")
    : reasonOfRefusal(path, refusal)

/** Whether it exists and this process can't use it. */
const isForeign = (path: string): boolean => {
  const file = look(path, statSync)
  return file !== undefined && "mode" in file && !(file.isFile() && permits(path, constants.R_OK | constants.W_OK))
}

/** The file's status, or the system's error. */
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
