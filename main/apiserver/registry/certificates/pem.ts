import { X509Certificate } from 'node:crypto';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';

const BLOCK = /-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)-----END \1-----/g;

/** Whether base64 data holds a PEM certificate request first. Its inside is for the signer to judge. */
export function isCertificateRequestPem(data: string | undefined): boolean {
  const first = Buffer.from(data ?? '', 'base64').toString('latin1').matchAll(BLOCK).next().value;
  return first?.[1] === 'CERTIFICATE REQUEST';
}

/** What is wrong with issued certificates; undefined when nothing is, or there are none. */
export function certificateProblem(data: string | undefined): string | undefined {
  if (!data) return undefined;
  let blocks = 0;
  for (const [text, type = '', body = ''] of Buffer.from(data, 'base64').toString('latin1').matchAll(BLOCK)) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${goQuote(type)}`;
    if (/^[A-Za-z-]+: /m.test(body)) return 'no PEM block headers are permitted';
    blocks++;
    try {
      if (new X509Certificate(text).raw.length === 0) return 'x509: malformed certificate';
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return blocks === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}
