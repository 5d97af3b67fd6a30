import { isIP } from 'node:net';
import { checkServerIdentity as checkByNode, type PeerCertificate } from 'node:tls';

/** More names than this are counted, as Go does. */
const MAX_NAMES = 100;

/** A certificate without subject alternative names. Node would look at its common name, which Go has not done since 1.15: no clients of Kubernetes do. */
export class LegacyNameError extends Error {
  override readonly name = 'LegacyNameError';
}

/** Whether the certificate is for that host; undefined when it is. The errors are in Go's words (crypto/x509 HostnameError). */
export function checkServerIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const { subjectaltname } = certificate;
  if (subjectaltname === undefined || subjectaltname === '') {
    const { CN: commonName = '' } = (certificate.subject ?? {}) as { readonly CN?: string };
    return commonName === host ? new LegacyNameError('x509: certificate relies on legacy Common Name field, use SANs instead') : new Error(withoutNames(host));
  }
  return checkByNode(host, certificate) && new Error(mismatch(host, subjectaltname));
}

function withoutNames(host: string): string {
  return isIP(host) === 0 ? `x509: certificate is not valid for any names, but wanted to match ${host}` : `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
}

function mismatch(host: string, alternatives: string): string {
  const [prefix, what] = isIP(host) === 0 ? ['DNS:', 'names'] : ['IP Address:', 'IP SANs'];
  const names = alternatives.split(', ').filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  if (names.length === 0) return withoutNames(host);
  return names.length >= MAX_NAMES ? `x509: certificate is valid for ${names.length} ${what}, but none matched ${host}` : `x509: certificate is valid for ${names.join(', ')}, not ${host}`;
}
