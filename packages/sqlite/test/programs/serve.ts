/** Serves stores on files. */
import { SqliteRepository } from "@tokenry/sqlite"
import { serve } from "../../../../tools/other-process/serve.ts"

const lockDeadline = { open: "1 minute", read: "1 minute", write: "1 minute" } as const

serve((filename = "") => SqliteRepository.layer({ filename, lockDeadline }))
