/** Serves stores, each in a schema of a database. */
import { PostgresRepository } from "@tokenry/postgres"
import { serve } from "../../../../tools/other-process/serve.ts"

const deadlines = { read: "1 minute", write: "1 minute" } as const

serve((url = "", schema = "") => PostgresRepository.layer({ url, schema, deadlines }))
