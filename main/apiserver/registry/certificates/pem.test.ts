import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { cryptoProvider, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { beforeAll, expect, test } from 'vitest';
import { certificateRequestProblem } from './pem.ts';

cryptoProvider.set(webcrypto as never); // Node types name the same object differently.

const ALGORITHMS = {
  ECDSA: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RSA: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
  Ed25519: { name: 'Ed25519' },
} as const;
const requests = new Map<string, Buffer>();

beforeAll(async () => {
  for (const [name, algorithm] of Object.entries(ALGORITHMS)) {
    const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as never;
    requests.set(name, Buffer.from((await Pkcs10CertificateRequestGenerator.create({ name: 'CN=x', keys, signingAlgorithm: algorithm })).rawData));
  }
});

const pem = (der: Buffer | string, type = 'CERTIFICATE REQUEST'): string => Buffer.from(`-----BEGIN ${type}-----\n${typeof der === 'string' ? der : der.toString('base64')}\n-----END ${type}-----\n`).toString('base64');
const hex = (text: string): string => pem(Buffer.from(text, 'hex'));

test.each(Object.keys(ALGORITHMS))('a request signed with %s is fine, and one that was changed is not', (name) => {
  const der = requests.get(name)!;
  expect(certificateRequestProblem(pem(der))).toBeUndefined();
  const changed = Buffer.from(der);
  changed[changed.indexOf('x', 0, 'latin1')] = 'y'.charCodeAt(0);
  expect(certificateRequestProblem(pem(changed))).toBe(name === 'RSA' ? 'crypto/rsa: verification error' : `x509: ${name} verification failure`);
});

test.each([
  ['no PEM', 'aGVsbG8=', 'PEM block type must be CERTIFICATE REQUEST'],
  ['nothing', undefined, 'PEM block type must be CERTIFICATE REQUEST'],
  ['another block', pem('AAAA', 'CERTIFICATE'), 'PEM block type must be CERTIFICATE REQUEST'],
  ['no base64', pem('!!!!'), 'PEM block type must be CERTIFICATE REQUEST'],
  ['an empty block', pem(''), 'asn1: syntax error: sequence truncated'],
  ['half a header', hex('3082'), 'asn1: syntax error: truncated tag or length'],
  ['an open end', hex('30800000'), 'asn1: syntax error: indefinite length found (not DER)'],
  ['a cut sequence', hex('300500'), 'asn1: syntax error: data truncated'],
  ['something after it', hex('300001'), 'asn1: syntax error: trailing data'],
])('%s is no request', (_name, data, problem) => {
  expect(certificateRequestProblem(data)).toBe(problem);
});

test('what is no sequence is told with its tag, as Go tells it', () => {
  expect(certificateRequestProblem(hex('020100'))).toMatch(/^asn1: structure error: tags don't match \(16 vs \{class:0 tag:2 length:1 isCompound:false\}\) \{optional:false .*\} certificateRequest @2$/);
});
