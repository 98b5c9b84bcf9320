/** Tokens in a NestJS app on Express: a decorator for a route's scopes, and every error in Nest's own format. */
import "reflect-metadata"
import { type ArgumentsHost, Controller, Get, HttpException, Module, Post, Req, UseGuards } from "@nestjs/common"
import { BaseExceptionFilter, NestFactory } from "@nestjs/core"
import type { NestExpressApplication } from "@nestjs/platform-express"
import type { PromiseApiTokens } from "@tokenry/core/promise"
import { bearer, callerOf, originOf } from "@tokenry/express"
import { httpErrorOf, TokenryHttpError } from "@tokenry/http"
import type { Request } from "express"
import type { TreasureScope } from "./catalogue.ts"

export const nestApp = async (tokens: PromiseApiTokens<TreasureScope>): Promise<NestExpressApplication> => {
  const guard = bearer({
    tokens,
    realm: "treasures",
    // Nest's exception filters write the body; status and headers, the challenge included, are already set.
    onDenied: (_req, _res, { status, title }) => {
      throw new HttpException(title, status)
    },
  })

  /** Admits callers with these scopes. An undeclared scope throws when the app starts. */
  const RequireScopes = (...scopes: ReadonlyArray<TreasureScope>) => {
    guard.requireScopes(...scopes)
    return UseGuards({
      canActivate: async (context) => {
        const http = context.switchToHttp()
        return (await guard.admit(http.getRequest(), http.getResponse(), scopes)) !== undefined
      },
    })
  }

  @Controller("treasures")
  class TreasuresController {
    @Get()
    @RequireScopes("treasure:read")
    list(@Req() req: Request) {
      return { owner: callerOf(req).ownedBy, treasures: ["Ruby"] }
    }

    /** A caller with `treasure:create` gets a token for a job, which can't exceed the caller's own. */
    @Post("jobs")
    @RequireScopes("treasure:create")
    async issueForJob(@Req() req: Request) {
      const { scopes, name } = req.body as { readonly scopes: ReadonlyArray<string>; readonly name: string }
      const caller = callerOf(req)
      const by = { actor: { kind: "token", id: caller.tokenId }, origin: originOf(req) } as const
      return (await tokens.issue({ name, scopes: tokens.catalogue.requested(scopes), caller, by, expiresIn: "1 hour" }))
        .token
    }
  }

  @Module({ controllers: [TreasuresController] })
  class AppModule {}

  /** Gives the core's errors their status. Nest logs any that isn't an `HttpException`, such as a store outage. */
  class CoreErrors extends BaseExceptionFilter {
    override catch(error: unknown, host: ArgumentsHost): void {
      const converted = httpErrorOf(error)
      const isForClients = converted instanceof TokenryHttpError && converted.expose
      super.catch(isForClients ? new HttpException(converted.message, converted.status) : converted, host)
    }
  }

  const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ["error"] })
  app.useGlobalFilters(new CoreErrors(app.getHttpAdapter()))
  return app.init()
}
