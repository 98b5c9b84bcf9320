import { MemoryRepository } from "@tokenry/core"
import { serviceContract } from "@tokenry/repository-contract"

serviceContract("memory", MemoryRepository.layer, { runs: 200 })
