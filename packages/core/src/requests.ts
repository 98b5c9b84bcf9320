/** The schemas of the requests, for servers that read requests from outside. Loads `effect/Schema`. */
export {
  EditRequest,
  EndGraceRequest,
  ExpiringRequest,
  FindRequest,
  IssueRequest,
  ListRequest,
  parseRequest,
  PurgeRequest,
  RevokeAllIssuedToRequest,
  RevokeIssuedToRequest,
  RevokeOwnedByRequest,
  RevokeRequest,
  RevokeUnusedRequest,
  RotateRequest,
} from "./use-cases/requests.ts"
