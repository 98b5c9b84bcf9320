export { JwtVerifier, type JwtVerifierOptions } from "./JwtVerifier.ts"
export { type SigningAlgorithm, SigningKeys, type SigningKeysOptions } from "./SigningKeys.ts"
export { TokenExchange, tokenExchangeGrant, type TokenExchangeOptions } from "./TokenExchange.ts"
