import type { ApiRequest } from './request.ts';

/** Every value of a header (in lower case) that may come more than once, in order. In-process there is one line of them, split at commas. */
export function headerValues(request: Pick<ApiRequest, 'headers' | 'rawHeaders'>, name: string): readonly string[] {
  const { headers, rawHeaders } = request;
  const joined = headers[name];
  if (joined === undefined) return [];
  if (!rawHeaders) return joined === '' ? [] : joined.split(',').map((value) => value.trim());
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) if (rawHeaders[index]?.toLowerCase() === name) values.push((rawHeaders[index + 1] ?? '').trim());
  return values;
}

/** The headers whose names begin so, by the rest of the name, with all their values. */
export function allHeaders(request: Pick<ApiRequest, 'headers' | 'rawHeaders'>, prefix: string): ReadonlyMap<string, readonly string[]> {
  const names = Object.keys(request.headers).filter((name) => name.startsWith(prefix));
  return new Map(names.map((name) => [name.slice(prefix.length), headerValues(request, name)]));
}
