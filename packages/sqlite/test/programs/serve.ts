/** Serves a store on the file that it is given. */
import { SqliteRepository } from "@tokenry/sqlite"
import { serve } from "../../../../tools/other-process/serve.ts"

await serve(SqliteRepository.layer({ filename: process.argv[2] ?? "" }))
