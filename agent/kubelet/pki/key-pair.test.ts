import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newCertificateRequest, readKeyPair, rotationTimeMs, unusable, writeKeyPair } from './key-pair.ts';

const subject = { commonName: 'system:node:worker-1', organizations: ['system:nodes'], dnsNames: ['worker-1'], ipAddresses: ['10.89.0.11'] };

/** openssl plays the cluster's certificate authority. */
async function signed() {
  const directory = mkdtempSync(join(tmpdir(), 'coracle-pki-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: readonly string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const { key, request } = await newCertificateRequest(subject);
  writeFileSync(file('request.pem'), request);
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=ca', '-keyout', file('ca.key'), '-out', file('ca.crt'), '-days', '10');
  const cert = openssl('x509', '-req', '-in', file('request.pem'), '-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '1', '-copy_extensions', 'copy');
  const ca = openssl('x509', '-in', file('ca.crt'));
  return { directory, pair: { key, cert }, ca, text: openssl('req', '-in', file('request.pem'), '-noout', '-verify', '-text') };
}

describe('certificates', () => {
  it('are asked for with a request that names the node and its addresses', async () => {
    const { text } = await signed();
    expect(text).toContain('O = system:nodes, CN = system:node:worker-1');
    expect(text).toContain('DNS:worker-1, IP Address:10.89.0.11');
  });

  it('are used again only while they fit', async () => {
    const { pair, ca } = await signed();
    const other = await signed();
    const nowMs = Date.now();
    expect(unusable(pair, { ca, subject, nowMs })).toBeUndefined();
    expect(unusable(pair, { ca, subject, nowMs: nowMs + 2 * 86_400_000 })).toBe('it has expired');
    expect(unusable(pair, { ca: other.ca, subject, nowMs })).toBe('another authority signed it');
    expect(unusable(pair, { ca, subject: { ...subject, commonName: 'system:node:worker-2' }, nowMs })).toBe('it is for another node');
    expect(unusable({ ...pair, key: other.pair.key }, { ca, subject, nowMs })).toBe('its key does not fit');
    expect(unusable(pair, { ca, subject: { ...subject, ipAddresses: ['10.89.0.12'] }, nowMs })).toBe('it is for another address');
  });

  it('are kept in one file that only their owner reads, and replaced before they expire', async () => {
    const { pair, directory } = await signed();
    const path = join(directory, 'pki', 'pair.pem');
    await writeKeyPair(path, pair);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await readKeyPair(path)).toEqual({ key: pair.key, cert: pair.cert });
    expect(rotationTimeMs(pair.cert, 0) - Date.now()).toBeGreaterThan(0.6 * 86_400_000);
    expect(rotationTimeMs(pair.cert, 1) - Date.now()).toBeLessThan(0.91 * 86_400_000);
  });
});
