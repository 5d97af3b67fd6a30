import type { ServiceAccountKey } from '../authentication/service-account-keys.ts';
import { checkRouteAccepts } from '../negotiation/negotiate.ts';
import { methodNotAllowed } from './dispatch.ts';
import type { ApiRequest, ApiResponse } from './request.ts';

const CACHE = { 'cache-control': 'public, max-age=3600' };

/** Where others learn how to verify service-account tokens. */
export function openIdDocuments(options: { readonly issuer: string; readonly keys: readonly ServiceAccountKey[]; readonly jwksUri: string }): (path: string, request: ApiRequest) => ApiResponse | undefined {
  const algorithms = [...new Set(options.keys.map((key) => key.algorithm))];
  const configuration = JSON.stringify({
    issuer: options.issuer, jwks_uri: options.jwksUri, response_types_supported: ['id_token'], subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithms,
  });
  const jwks = JSON.stringify({ keys: options.keys.map(jwkOf) });
  const documents = new Map([
    ['/.well-known/openid-configuration', { type: 'application/json', body: Buffer.from(configuration) }],
    ['/openid/v1/jwks', { type: 'application/jwk-set+json', body: Buffer.from(jwks) }],
  ]);
  return (path, request) => {
    const document = documents.get(path.replace(/\/$/, ''));
    if (!document) return undefined;
    if (request.method !== 'GET') throw methodNotAllowed();
    checkRouteAccepts(request.headers['accept'], [document.type]);
    return { status: 200, headers: { ...CACHE, 'content-type': document.type }, body: document.body };
  };
}

/** In the order in which upstream writes it. */
function jwkOf({ kid, algorithm, publicKey }: ServiceAccountKey): Record<string, unknown> {
  const { kty, crv, ...numbers } = publicKey.export({ format: 'jwk' });
  return { use: 'sig', kty, kid, ...(crv === undefined ? {} : { crv }), alg: algorithm, ...numbers };
}
