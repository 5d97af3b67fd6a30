import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestCertificates, type TestCertificates } from '../testing-certificates.ts';
import { startTestApiServer, type TestApiServer } from '../testing.ts';

/** One issuer; its discovery document lies elsewhere than its name says, as `discoveryURL` allows. */
let certificates: TestCertificates;
let issuerServer: ReturnType<typeof createServer>;
let address = '';
let key: CryptoKey;
let server: TestApiServer;
const ISSUER = 'https://issuer.example.com';

beforeAll(async () => {
  certificates = await createTestCertificates(Date.now());
  const pair = await generateKeyPair('ES256');
  key = pair.privateKey;
  const jwk: JWK = { ...(await exportJWK(pair.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };
  issuerServer = createServer({ cert: certificates.server.certificate, key: certificates.server.key }, (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/keys' ? { keys: [jwk] } : { issuer: ISSUER, jwks_uri: `${address}/keys` }));
  });
  issuerServer.listen(0, '127.0.0.1');
  await once(issuerServer, 'listening');
  address = `https://127.0.0.1:${(issuerServer.address() as AddressInfo).port}`;
  server = await startTestApiServer({ authentication: { configuration: configuration('old:') } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  issuerServer.closeAllConnections();
  issuerServer.close();
});

function configuration(prefix: string, changes: object = {}): string {
  const jwt = {
    issuer: { url: ISSUER, discoveryURL: `${address}/elsewhere/openid`, audiences: ['coracle'], certificateAuthority: certificates.ca },
    claimMappings: { username: { claim: 'sub', prefix } },
  };
  return JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt: [jwt], ...changes });
}

async function userOf(token: string): Promise<string | undefined> {
  const response = await server.transport.fetch({ method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ spec: { token } }) });
  return (JSON.parse(Buffer.from(response.body as Uint8Array).toString()) as { status: { user: { username?: string } } }).status.user.username;
}

const token = (): Promise<string> => new SignJWT({ iss: ISSUER, aud: 'coracle', sub: 'jane', exp: Math.floor(Date.now() / 1000) + 300 }).setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(key);
const metrics = async (): Promise<readonly string[]> => {
  const response = await server.transport.fetch({ method: 'GET', path: '/metrics' });
  return Buffer.from(response.body as Uint8Array).toString().split('\n').filter((line) => /^apiserver_authentication_config_controller_(automatic_reloads_total|last_config_info)/.test(line)).map((line) => line.replace(/sha256:[0-9a-f]{64}/g, 'HASH'));
};

test('a configuration is replaced while the server runs; a bad one, or one that lets others in without a name, is not', async () => {
  expect(await userOf(await token())).toBe('old:jane');
  server.apiServer.reloadAuthentication(configuration('new:'));
  expect(await userOf(await token())).toBe('new:jane');
  expect(() => server.apiServer.reloadAuthentication('kind: Pod')).toThrow('expected kind AuthenticationConfiguration');
  expect(() => server.apiServer.reloadAuthentication(configuration('x:', { anonymous: { enabled: true } }))).toThrow('anonymous: Forbidden: changed from initial configuration file');
  expect(await userOf(await token())).toBe('new:jane');
  server.apiServer.reloadAuthentication(configuration('', { jwt: [] }));
  expect(await userOf(await token())).toBeUndefined();
  expect(await metrics()).toEqual([
    'apiserver_authentication_config_controller_automatic_reloads_total{apiserver_id_hash="HASH",status="failure"} 2',
    'apiserver_authentication_config_controller_automatic_reloads_total{apiserver_id_hash="HASH",status="success"} 2',
    'apiserver_authentication_config_controller_last_config_info{apiserver_id_hash="HASH",hash="HASH"} 1',
  ]);
});

test('who showed a token of a removed issuer is turned away at once', async () => {
  server.apiServer.reloadAuthentication(configuration('c:'));
  const { port } = await server.listen();
  const shown = await token();
  const ask = async (): Promise<number> => {
    const { request } = await import('node:https');
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    request({ host: '127.0.0.1', port, path: '/apis', ca: server.certificates.ca, headers: { authorization: `Bearer ${shown}` }, agent: false }, (response) => { response.resume(); resolve(response.statusCode ?? 0); }).on('error', reject).end();
    return promise;
  };
  expect(await ask()).toBe(200);
  server.apiServer.reloadAuthentication(configuration('', { jwt: [] }));
  expect(await ask()).toBe(401);
});
