/** The error with which an authorization server reports that its store is unavailable. */
import { errors } from "oidc-provider"

/** 503 `temporarily_unavailable`. Throw it from your adapter during an outage, where other errors become a 500. */
export const temporarilyUnavailable = (cause: unknown): Error => {
  const error = new errors.TemporarilyUnavailable("try again later", { cause })
  return Object.assign(error, { status: 503, statusCode: 503, expose: true })
}
