import { newBadRequest, newResourceExpired } from '../../../kube/apimachinery/status-errors.ts';
import { StatusError } from '../../../kube/apimachinery/status.ts';

const version = 'meta.k8s.io/v1';

export interface ContinuePoint {
  /** The first key that has not been listed. */
  readonly fromKey: string;
  /** The revision of the first page; undefined: the newest (written -1, after a token expired). */
  readonly revision: number | undefined;
}

/**
 * Where a list goes on, as the opaque text that clients send back. The format is upstream's (apiserver/pkg/storage/continue.go), without
 * padding: base64url of `{"v":"meta.k8s.io/v1","rv":42,"start":"default/web\u0000"}`. The key is relative to the collection.
 */
export function encodeContinue({ fromKey, revision }: ContinuePoint, prefix: string): string {
  const token = { v: version, rv: revision ?? -1, start: fromKey.slice(prefix.length) };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** Throws 400 for what no server has written, and for keys outside of prefix. */
export function decodeContinue(text: string, prefix: string): ContinuePoint {
  const token = parseToken(text);
  if (token.v !== version) throw invalid(`: server does not recognize this encoded version ${token.v ?? ''}`);
  if (token.rv === undefined || token.rv === 0) throw invalid(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (token.start === undefined || token.start === '') throw invalid(': encoded start key empty (version meta.k8s.io/v1)');
  const parts = token.start.replace(/^\//, '').split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) throw invalid(`: ${token.start}`);
  return { fromKey: prefix + parts.join('/'), revision: token.rv < 0 ? undefined : token.rv };
}

interface Token {
  readonly v?: string;
  readonly rv?: number;
  readonly start?: string;
}

function parseToken(text: string): Token {
  const wrong = text.search(/[^A-Za-z0-9_-]/);
  if (wrong >= 0) throw invalid(`: illegal base64 data at input byte ${wrong}`);
  if (text.length % 4 === 1) throw invalid(`: illegal base64 data at input byte ${text.length - 1}`);
  const json = Buffer.from(text, 'base64url').toString();
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed !== 'object' || parsed === null) throw new SyntaxError('not an object');
    const { v, rv, start } = parsed as Record<string, unknown>;
    return {
      ...(typeof v === 'string' ? { v } : {}),
      ...(Number.isSafeInteger(rv) ? { rv: rv as number } : {}),
      ...(typeof start === 'string' ? { start } : {}),
    };
  } catch {
    // Go names the first byte that is no JSON; it takes the bytes as Latin-1 there.
    const first = Buffer.from(text, 'base64url').toString('latin1')[0];
    throw invalid(first === undefined ? ': unexpected end of JSON input' : `: invalid character '${first}' looking for beginning of value`);
  }
}

function invalid(detail: string): StatusError {
  return newBadRequest(`invalid continue token: continue key is not valid${detail}`);
}

const expiredText =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue ' +
  'parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token ' +
  'results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and ' +
  'now may show up in the list.';

/** 410 whose metadata.continue goes on from the same key in the newest state. */
export function newContinueExpired(fromKey: string, prefix: string): StatusError {
  const { status } = newResourceExpired(expiredText);
  return new StatusError({ ...status, metadata: { ...status.metadata, continue: encodeContinue({ fromKey, revision: undefined }, prefix) } });
}
