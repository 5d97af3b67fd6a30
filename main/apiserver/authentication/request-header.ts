import { allHeaders, headerValues } from '../endpoints/header-values.ts';
import type { ApiRequest } from '../endpoints/request.ts';
import type { User } from './user.ts';

/** As kubeadm names them, in the spelling that the ConfigMap for extension servers gives. */
export const requestHeaders = { user: 'X-Remote-User', uid: 'X-Remote-Uid', group: 'X-Remote-Group', extraPrefix: 'X-Remote-Extra-' } as const;

export interface RequestHeaderOptions {
  /** Common names that the front proxy's certificate may have; empty: any. */
  readonly allowedNames: readonly string[];
}

/**
 * Whom an authenticating proxy speaks for (upstream: authentication/request/headerrequest). Undefined when no proxy asks; throws when the
 * proxy is not one of those allowed to.
 */
export function authenticateRequestHeader({ allowedNames }: RequestHeaderOptions, request: ApiRequest): User | undefined {
  const { certificate } = request;
  if (certificate?.authority !== 'front-proxy') return undefined;
  if (allowedNames.length > 0 && !allowedNames.includes(certificate.commonName)) throw new Error(`x509: subject with cn=${certificate.commonName} is not in the allowed list`);
  const name = request.headers['x-remote-user'];
  if (!name) return undefined;
  const uid = request.headers['x-remote-uid'];
  const extra: Record<string, readonly string[]> = {};
  for (const [header, values] of allHeaders(request, 'x-remote-extra-')) extra[unescaped(header)] = values;
  return { name, ...(uid ? { uid } : {}), groups: headerValues(request, 'x-remote-group').filter((group) => group !== ''), extra };
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
