import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { METADATA_PATH, ROOT_PATH } from '../../validation/field-path.ts';
import { jsonSyntaxError } from '../../validation/json-syntax-error.ts';
import { checkConfigMapKey, checkImmutable } from '../../validation/values.ts';
import { base64ByteLength, changesMap } from '../configmap/strategy.ts';

const MAX_BYTES = 1024 * 1024;
const IMMUTABLE = 'field is immutable when `immutable` is set';
const DATA = ROOT_PATH.child('data');
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';

export const secretStrategy = buildStrategy<core.Secret>({
  namespaced: true,
  defaults(secret) {
    secret.type ||= 'Opaque';
    takeStringData(secret);
  },
  prepareForUpdate: (next, previous) => (next.type === undefined || next.type === '' ? { ...next, type: previous.type ?? '' } : next),
  check,
  checkUpdate,
  selectableFields: ({ type }) => ({ type: type ?? '' }),
  warnings: ({ type, data }) => tlsWarnings(type, data),
});

/** stringData is for writing only: it goes into data. */
function takeStringData(secret: core.Secret): void {
  if (secret.stringData === undefined) return;
  const entries = Object.entries(secret.stringData);
  if (entries.length > 0) {
    secret.data ??= {};
    for (const [key, value] of entries) secret.data[key] = Buffer.from(value).toString('base64');
  }
  delete secret.stringData;
}

function check(secret: core.Secret, errors: FieldErrors): void {
  const data = secret.data ?? {};
  let bytes = 0;
  for (const key of Object.keys(data)) {
    checkConfigMapKey(key, DATA.key(key), errors);
    bytes += base64ByteLength(data[key] ?? '');
  }
  if (bytes > MAX_BYTES) errors.tooLong(DATA, MAX_BYTES);
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      if (!secret.metadata.annotations?.[SERVICE_ACCOUNT_NAME]) errors.required(METADATA_PATH.child('annotations').key(SERVICE_ACCOUNT_NAME));
      return;
    case 'kubernetes.io/dockercfg':
      checkJson(data, '.dockercfg', errors);
      return;
    case 'kubernetes.io/dockerconfigjson':
      checkJson(data, '.dockerconfigjson', errors);
      return;
    case 'kubernetes.io/basic-auth':
      if (data['username'] !== undefined || data['password'] !== undefined) return;
      errors.required(DATA.key('username'));
      errors.required(DATA.key('password'));
      return;
    case 'kubernetes.io/ssh-auth':
      if (!data['ssh-privatekey']) errors.required(DATA.key('ssh-privatekey'));
      return;
    case 'kubernetes.io/tls':
      for (const key of ['tls.crt', 'tls.key']) if (data[key] === undefined) errors.required(DATA.key(key));
      return;
    default:
  }
}

/** Null is a key without bytes. */
function checkJson(data: Readonly<Record<string, string | null>>, key: string, errors: FieldErrors): void {
  const value = data[key];
  if (value === undefined) {
    errors.required(DATA.key(key));
    return;
  }
  const message = jsonSyntaxError(Buffer.from(value ?? '', 'base64'));
  if (message !== undefined) errors.invalid(DATA.key(key), '<secret contents redacted>', message);
}

function checkUpdate(next: core.Secret, previous: core.Secret, errors: FieldErrors): void {
  checkImmutable(next.type, previous.type, ROOT_PATH.child('type'), errors);
  if (!previous.immutable) return;
  if (!next.immutable) errors.forbidden(ROOT_PATH.child('immutable'), IMMUTABLE);
  if (changesMap('data', next, previous)) errors.forbidden(DATA, IMMUTABLE);
}

/** Upstream tries the pair; what is plainly no PEM is told here in the same words. */
function tlsWarnings(type: string | undefined, data: Readonly<Record<string, string>> = {}): string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const certificate = Buffer.from(data['tls.crt'] ?? '', 'base64').toString('latin1');
  const key = Buffer.from(data['tls.key'] ?? '', 'base64').toString('latin1');
  if (!certificate.includes('-----BEGIN')) return ['tls: failed to find any PEM data in certificate input'];
  return key.includes('-----BEGIN') ? [] : ['tls: failed to find any PEM data in key input'];
}
