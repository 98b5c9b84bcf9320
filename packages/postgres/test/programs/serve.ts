/** Serves a store in the schema of the database that it is given. */
import { PostgresRepository } from "@tokenry/postgres"
import { serve } from "../../../../tools/other-process/serve.ts"

const [, , url = "", schema = ""] = process.argv

await serve(PostgresRepository.layer({ url, schema }))
