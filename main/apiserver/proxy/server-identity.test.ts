import type { PeerCertificate } from 'node:tls';
import { expect, test } from 'vitest';
import { checkServerIdentity, LegacyNameError } from './server-identity.ts';

const certificate = (commonName: string, subjectaltname?: string): PeerCertificate => ({ subject: { CN: commonName }, ...(subjectaltname === undefined ? {} : { subjectaltname }) }) as unknown as PeerCertificate;

test.each([
  { name: 'a name', host: 'a.svc', given: certificate('x', 'DNS:a.svc, IP Address:10.0.0.1'), problem: undefined },
  { name: 'an address', host: '10.0.0.1', given: certificate('x', 'DNS:a.svc, IP Address:10.0.0.1'), problem: undefined },
  { name: 'the common name alone', host: 'a.svc', given: certificate('a.svc'), problem: 'x509: certificate relies on legacy Common Name field, use SANs instead' },
  { name: 'another common name', host: 'a.svc', given: certificate('b.svc'), problem: 'x509: certificate is not valid for any names, but wanted to match a.svc' },
  { name: 'other names', host: 'c.svc', given: certificate('c.svc', 'DNS:a.svc, DNS:b.svc'), problem: 'x509: certificate is valid for a.svc, b.svc, not c.svc' },
  { name: 'names and no address', host: '10.0.0.1', given: certificate('x', 'DNS:a.svc'), problem: "x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs" },
  { name: 'another address', host: '10.0.0.1', given: certificate('x', 'IP Address:10.0.0.2'), problem: 'x509: certificate is valid for 10.0.0.2, not 10.0.0.1' },
])('a certificate with $name', ({ host, given, problem }) => {
  expect(checkServerIdentity(host, given)?.message).toBe(problem);
});

test('a certificate of the old kind is told apart, for the metrics', () => {
  expect(checkServerIdentity('a.svc', certificate('a.svc'))).toBeInstanceOf(LegacyNameError);
});
