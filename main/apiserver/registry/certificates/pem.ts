import 'reflect-metadata';
import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';

const BLOCK = /-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)-----END \1-----/g;

const WRONG_TYPE = 'PEM block type must be CERTIFICATE REQUEST';
const MALFORMED = 'asn1: structure error: malformed certificate request';
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

/** What is wrong with a certificate request, PEM in base64; undefined when nothing is. Its names are for the signer to judge. */
export function certificateRequestProblem(data: string | undefined): string | undefined {
  const { problem, request, der } = readCertificateRequest(data);
  if (!request) return problem;
  try {
    return signatureProblem(request, der);
  } catch {
    return MALFORMED;
  }
}

type ReadRequest = { readonly problem: string; readonly request?: undefined; readonly der?: undefined } | { readonly problem?: undefined; readonly request: Pkcs10CertificateRequest; readonly der: Uint8Array };

/** A certificate request, PEM in base64, or why it cannot be read; whose signature it bears is not looked at. */
export function readCertificateRequest(data: string | undefined): ReadRequest {
  const [, type, body = ''] = Buffer.from(data ?? '', 'base64').toString('latin1').matchAll(BLOCK).next().value ?? [];
  if (type !== 'CERTIFICATE REQUEST' || !BASE64.test(body)) return { problem: WRONG_TYPE };
  const der = Buffer.from(body, 'base64');
  const problem = sequenceProblem(der);
  if (problem !== undefined) return { problem: `asn1: ${problem}` };
  try {
    return { request: new Pkcs10CertificateRequest(der), der };
  } catch {
    return { problem: MALFORMED };
  }
}

/** A request is signed with the key that it is for, so that nobody asks for a certificate of another's key. */
function signatureProblem({ publicKey, signature, signatureAlgorithm }: Pkcs10CertificateRequest, der: Uint8Array): string | undefined {
  const [, signed] = elementAt(der, elementAt(der, 0)[0]);
  const { name, hash } = signatureAlgorithm as { name: string; hash?: { name: string } };
  const key = createPublicKey({ key: Buffer.from(publicKey.rawData), format: 'der', type: 'spki' });
  if (verify(hash?.name.replace('-', '').toLowerCase(), signed, key, Buffer.from(signature))) return undefined;
  return name === 'ECDSA' || name === 'Ed25519' ? `x509: ${name} verification failure` : 'crypto/rsa: verification error';
}

/** Where the content of the element begins, and the whole element. The length has been checked, or is within one that has. */
function elementAt(der: Uint8Array, offset: number): readonly [content: number, whole: Uint8Array] {
  const first = der[offset + 1] ?? 0;
  const lengthBytes = first < LONG_FORM ? 0 : first - LONG_FORM;
  const content = offset + 2 + lengthBytes;
  const length = lengthBytes === 0 ? first : der.subarray(offset + 2, content).reduce((sum, byte) => sum * 256 + byte, 0);
  return [content, der.subarray(offset, content + length)];
}

const SEQUENCE = 0x30;
const LONG_FORM = 0x80;

/** Whether the bytes are one ASN.1 sequence and nothing else; in the words of Go's encoding/asn1. */
function sequenceProblem(der: Uint8Array): string | undefined {
  const [tag, first] = der;
  if (tag === undefined) return 'syntax error: sequence truncated';
  if (first === undefined) return 'syntax error: truncated tag or length';
  if (first === LONG_FORM) return 'syntax error: indefinite length found (not DER)';
  const lengthBytes = first < LONG_FORM ? 0 : first - LONG_FORM;
  if (der.length < 2 + lengthBytes) return 'syntax error: truncated tag or length';
  const length = lengthBytes === 0 ? first : der.subarray(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
  if (tag !== SEQUENCE) return `structure error: tags don't match (16 vs ${goTag(tag, length)}) ${NO_PARAMETERS} certificateRequest @${2 + lengthBytes}`;
  const left = der.length - 2 - lengthBytes - length;
  if (left < 0) return 'syntax error: data truncated';
  return left > 0 ? 'syntax error: trailing data' : undefined;
}

const NO_PARAMETERS = '{optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false}';

function goTag(tag: number, length: number): string {
  return `{class:${tag >> 6} tag:${tag & 0x1f} length:${length} isCompound:${(tag & 0x20) !== 0}}`;
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
