import { bearer, introspection } from "@tokenry/koa"
import Koa from "koa"
import mount from "koa-mount"
import { targetConformance } from "../../../tools/bearer-conformance/targetConformance.ts"

targetConformance((options) =>
  new Koa()
    .use(introspection(options))
    .use(mount("/api", bearer(options)))
    .callback(),
)
