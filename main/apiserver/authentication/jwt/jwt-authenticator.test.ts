import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VirtualClock } from '../../../../kube/apimachinery/virtual-clock.ts';
import { createTestCertificates, type TestCertificates } from '../../testing-certificates.ts';
import type { TokenAuthenticator } from '../token-authenticator.ts';
import { parseAuthenticationConfiguration } from './authentication-configuration.ts';
import { jwtAuthenticator } from './jwt-authenticator.ts';

/** An issuer of identities on loopback: discovery and keys, counted. */
let certificates: TestCertificates;
let server: ReturnType<typeof createServer>;
let issuer = '';
let keys: JWK[] = [];
let current: { readonly key: CryptoKey; readonly kid: string };
/** What the issuer says of groups when it is asked. */
let groupsAnswer = '';
const asked: string[] = [];
const clock = new VirtualClock();

beforeAll(async () => {
  certificates = await createTestCertificates(Date.now());
  server = createServer({ cert: certificates.server.certificate, key: certificates.server.key }, (request, response) => {
    asked.push(request.url ?? '');
    if (request.url?.startsWith('/groups')) {
      response.writeHead(request.headers.authorization === 'Bearer let me in' ? 200 : 401, { 'content-type': 'application/jwt' });
      response.end(groupsAnswer);
      return;
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/keys' ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await rotate('first');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function rotate(kid: string): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  current = { key: privateKey, kid };
  keys = [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }];
}

function configuration(changes: object = {}, mappings: object = {}): string {
  const jwt = {
    issuer: { url: issuer, audiences: ['coracle'], certificateAuthority: certificates.ca },
    claimMappings: { username: { claim: 'sub', prefix: 'oidc:' }, groups: { claim: 'roles', prefix: 'oidc:' }, ...mappings },
    ...changes,
  };
  return JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt: [jwt] });
}

function authenticatorOf(text: string): TokenAuthenticator {
  const [only] = parseAuthenticationConfiguration(text, { disallowedIssuers: ['https://kubernetes.default.svc'] }).issuers;
  if (!only) throw new Error('no issuer');
  return jwtAuthenticator(only, { clock, apiAudiences: ['api'] });
}

function token(claims: object = {}, { expiresInSeconds = 300 } = {}): Promise<string> {
  const now = Math.floor(clock.now() / 1000);
  return new SignJWT({ iss: issuer, aud: 'coracle', sub: 'jane', roles: ['dev', 'ops'], exp: now + expiresInSeconds, ...claims }).setProtectedHeader({ alg: 'ES256', kid: current.kid }).sign(current.key);
}

test('a token of the issuer names its user, and the keys are read once', async () => {
  const authenticator = authenticatorOf(configuration());
  asked.length = 0;
  const expected = { user: { name: 'oidc:jane', groups: ['oidc:dev', 'oidc:ops'], extra: { 'authentication.kubernetes.io/credential-id': ['JTI=1'] } }, audiences: ['api'] };
  expect(await authenticator.authenticateToken(await token({ jti: '1' }))).toEqual(expected);
  expect(await authenticator.authenticateToken(await token({ roles: 'dev' }))).toMatchObject({ user: { groups: ['oidc:dev'] } });
  expect(asked).toEqual(['/.well-known/openid-configuration', '/keys']);
});

test('a key that is new is found without a restart', async () => {
  const authenticator = authenticatorOf(configuration());
  await authenticator.authenticateToken(await token());
  await rotate('second');
  clock.advance(2_000);
  expect(await authenticator.authenticateToken(await token())).toMatchObject({ user: { name: 'oidc:jane' } });
});

test('expressions map claims, and rules judge claims and users', async () => {
  const authenticator = authenticatorOf(configuration(
    {
      claimValidationRules: [{ claim: 'tenant', requiredValue: 'acme' }, { expression: 'claims.level > 2', message: 'level too low' }],
      userValidationRules: [{ expression: "!user.username.startsWith('system:')", message: 'reserved' }],
    },
    { username: { expression: 'claims.tenant + "/" + claims.sub' }, groups: { expression: 'claims.roles.filter(role, role != "ops")' }, uid: { claim: 'id' }, extra: [{ key: 'acme.io/tenant', valueExpression: 'claims.tenant' }] },
  ));
  const claims = { tenant: 'acme', level: 3, id: 'u-1' };
  expect((await authenticator.authenticateToken(await token(claims)))?.user).toEqual({ name: 'acme/jane', groups: ['dev'], uid: 'u-1', extra: { 'acme.io/tenant': ['acme'] } });
  await expect(authenticator.authenticateToken(await token({ ...claims, tenant: 'other' }))).rejects.toThrow('oidc: required claim tenant value does not match. Got = other, want = acme');
  await expect(authenticator.authenticateToken(await token({ ...claims, level: 1 }))).rejects.toThrow("oidc: error evaluating claim validation expression: validation expression 'claims.level > 2' failed: level too low");
});

test.each([
  { name: 'its time over', make: () => token({}, { expiresInSeconds: -1 }), message: 'oidc: verify token: "exp" claim timestamp check failed' },
  { name: 'another audience', make: () => token({ aud: ['vault'] }), message: 'oidc: verify token: oidc: expected audience in ["coracle"] got ["vault"]' },
  { name: 'another hand\'s signature', make: async () => { const { privateKey } = await generateKeyPair('ES256'); return new SignJWT({ iss: issuer, aud: 'coracle', sub: 'eve', exp: 4e9 }).setProtectedHeader({ alg: 'ES256', kid: current.kid }).sign(privateKey); }, message: 'oidc: verify token: signature verification failed' },
  { name: 'no user', make: () => token({ sub: 5 }), message: 'oidc: parse username claims "sub": it is not a string' },
])('a token with $name is refused', async ({ make, message }) => {
  await expect(authenticatorOf(configuration()).authenticateToken(await make())).rejects.toThrow(message);
});

test('an address that nobody has verified is no name', async () => {
  const authenticator = authenticatorOf(configuration({}, { username: { claim: 'email', prefix: '' } }));
  await expect(authenticator.authenticateToken(await token({ email: 'a@b.c', email_verified: false }))).rejects.toThrow('oidc: email not verified');
  expect(await authenticator.authenticateToken(await token({ email: 'a@b.c', email_verified: true }))).toMatchObject({ user: { name: 'a@b.c' } });
});

test('a token of another issuer, and one that is no JWT, is left to others', async () => {
  expect(await authenticatorOf(configuration()).authenticateToken(await token({ iss: 'https://elsewhere' }))).toBeUndefined();
  expect(await authenticatorOf(configuration()).authenticateToken('abc')).toBeUndefined();
});

const issuerOf = (changes: object): object => ({ issuer: { url: 'https://a.example', audiences: ['x'], ...changes } });
test.each([
  { name: 'plain HTTP', changes: issuerOf({ url: 'http://a.example' }), message: 'jwt[0].issuer.url: Invalid value: "http://a.example": URL scheme must be https' },
  { name: 'no audience', changes: issuerOf({ audiences: [] }), message: 'jwt[0].issuer.audiences: Required value: at least one jwt[0].issuer.audiences is required' },
  { name: 'the server\'s own issuer', changes: issuerOf({ url: 'https://kubernetes.default.svc' }), message: 'URL must not overlap with disallowed issuers' },
  { name: 'an expression that is none', changes: {}, mappings: { username: { expression: 'claims.' } }, message: 'jwt[0].claimMappings.username.expression: Invalid value' },
  { name: 'no prefix', changes: {}, mappings: { username: { claim: 'sub' } }, message: 'jwt[0].claimMappings.username.prefix: Required value' },
  { name: 'an address that nobody verified for a name', changes: {}, mappings: { username: { expression: 'claims.email' } }, message: 'jwt[0].claimMappings.username.expression: Invalid value: "claims.email": claims.email_verified must be used in' },
  { name: 'a rule of both kinds', changes: { claimValidationRules: [{ claim: 'a', requiredValue: 'b', expression: 'true' }] }, message: 'jwt[0].claimValidationRules[0]: Invalid value: "a": claim and expression can\'t both be set' },
  { name: 'a rule that is no truth', changes: { claimValidationRules: [{ expression: 'claims.x' }] }, message: 'jwt[0].claimValidationRules[0].expression: Invalid value: "claims.x": must evaluate to bool' },
  { name: 'a rule over what no user has', changes: { userValidationRules: [{ expression: 'user.nope' }] }, message: "jwt[0].userValidationRules[0].expression: Invalid value: \"user.nope\": compilation failed: ERROR: <input>:1:5: undefined field 'nope'" },
  { name: 'a broken certificate', changes: issuerOf({ certificateAuthority: 'bad' }), message: 'jwt[0].issuer.certificateAuthority: Invalid value: "<omitted>": data does not contain any valid RSA or ECDSA certificates' },
  { name: 'a member that is misspelt', changes: { claimValidationRule: [] }, message: 'strict decoding error: unknown field "jwt[0].claimValidationRule"' },
  { name: 'several faults', changes: issuerOf({ url: 'https://u:p@x/?q=1', audiences: ['', 'a', 'a'], audienceMatchPolicy: 'MatchAny' }), message: '[jwt[0].issuer.url: Invalid value: "https://u:p@x/?q=1": URL must not contain a username or password, jwt[0].issuer.url: Invalid value: "https://u:p@x/?q=1": URL must not contain a query, jwt[0].issuer.audiences[0]: Required value, jwt[0].issuer.audiences[2]: Duplicate value: "a"]' },
])('a configuration with $name is refused', ({ changes, mappings, message }) => {
  expect(() => authenticatorOf(configuration(changes, mappings))).toThrow(message);
});

test('groups that a token only points to are fetched, and judged as a token', async () => {
  const authenticator = authenticatorOf(configuration());
  const pointing = (source: object = {}): Promise<string> =>
    token({ roles: undefined, _claim_names: { roles: 'src' }, _claim_sources: { src: { endpoint: `${issuer}/groups`, access_token: 'let me in', ...source } } });
  groupsAnswer = await token({ roles: ['far', 'away'] });
  expect(await authenticator.authenticateToken(await pointing())).toMatchObject({ user: { name: 'oidc:jane', groups: ['oidc:far', 'oidc:away'] } });
  expect(await authenticator.authenticateToken(await pointing({ endpoint: '' }))).toMatchObject({ user: { groups: [] } });
  await expect(authenticator.authenticateToken(await pointing({ access_token: 'no' }))).rejects.toThrow('oidc: could not expand distributed claims: while getting distributed claim "roles": error while getting distributed claim JWT: 401');
  await expect(authenticator.authenticateToken(await pointing({ endpoint: 'http://127.0.0.1/groups' }))).rejects.toThrow('is not an https URL');
  groupsAnswer = await token({ roles: ['far'], aud: 'another' });
  await expect(authenticator.authenticateToken(await pointing())).rejects.toThrow('verify distributed claim token: oidc: expected audience in ["coracle"] got ["another"]');
  groupsAnswer = await token({ roles: undefined });
  await expect(authenticator.authenticateToken(await pointing())).rejects.toThrow('did not contain claim: roles');
  groupsAnswer = 'nothing';
  await expect(authenticator.authenticateToken(await pointing())).rejects.toThrow('getting untrusted issuer from endpoint');
  await expect(authenticator.authenticateToken(await token({ roles: undefined, _claim_names: { roles: 'src' } }))).rejects.toThrow('oidc: no claim sources');
});
