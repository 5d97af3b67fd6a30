/**
 * What a path and method ask for (upstream: apiserver/pkg/endpoints/request/requestinfo.go). Authorization, audit and routing
 * all read this one value.
 *
 *   GET /api/v1/namespaces/a/pods/b/log  →  verb get, namespace a, resource pods, name b, subresource log
 *   GET /api/v1/namespaces/a             →  verb get, namespace a, resource namespaces, name a
 */
export interface RequestInfo {
  readonly isResourceRequest: boolean;
  /** The decoded path. */
  readonly path: string;
  readonly verb: string;
  readonly apiPrefix: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** resource, name, subresource and what follows. */
  readonly parts: readonly string[];
}

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);
const SPECIAL_VERBS_NO_SUBRESOURCES = new Set(['proxy']);

export interface RequestInfoInput {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

export function requestInfoOf({ method, path, query }: RequestInfoInput): RequestInfo {
  const segments = split(path);
  const prefix = segments[0] ?? '';
  const isCore = prefix === 'api';
  if (segments.length < 3 || (!isCore && prefix !== 'apis')) return nonResource(method, path);
  let rest: string[];
  let apiGroup = '';
  if (isCore) rest = segments.slice(1);
  else {
    if (segments.length < 4) return nonResource(method, path);
    apiGroup = segments[1] as string;
    rest = segments.slice(2);
  }
  const apiVersion = rest[0] as string;
  rest = rest.slice(1);
  let verb = '';
  if (rest[0] === 'watch') {
    if (rest.length < 2) return nonResource(method, path);
    verb = 'watch';
    rest = rest.slice(1);
  } else if (SPECIAL_VERBS_NO_SUBRESOURCES.has(rest[0] as string)) {
    if (rest.length < 2) return nonResource(method, path);
    verb = rest[0] as string;
    rest = rest.slice(1);
  } else verb = verbOf(method);
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = rest[1] as string;
    if (rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2] as string)) rest = rest.slice(2);
  }
  const resource = rest[0] ?? '';
  let name = rest[1] ?? '';
  const subresource = rest.length > 2 && !SPECIAL_VERBS_NO_SUBRESOURCES.has(verb) ? (rest[2] as string) : '';
  if (name === '' && verb === 'get') {
    const selected = nameInFieldSelector(query.get('fieldSelector'));
    if (selected !== undefined) name = selected;
    verb = isTrue(query.get('watch')) ? 'watch' : 'list';
  }
  if (name === '' && verb === 'delete') verb = 'deletecollection';
  return { isResourceRequest: true, path, verb, apiPrefix: prefix, apiGroup, apiVersion, namespace, resource, subresource, name, parts: rest };
}

const LONG_RUNNING_SUBRESOURCES = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/** Without a deadline: watches, streams and what is passed on (upstream: genericfilters.BasicLongRunningRequestCheck). */
export function isLongRunning({ verb, subresource }: RequestInfo): boolean {
  return verb === 'watch' || verb === 'proxy' || LONG_RUNNING_SUBRESOURCES.has(subresource);
}

function nonResource(method: string, path: string): RequestInfo {
  return {
    isResourceRequest: false, path, verb: method.toLowerCase(), apiPrefix: '', apiGroup: '', apiVersion: '',
    namespace: '', resource: '', subresource: '', name: '', parts: [],
  };
}

function verbOf(method: string): string {
  switch (method) {
    case 'POST': return 'create';
    case 'GET': case 'HEAD': return 'get';
    case 'PUT': return 'update';
    case 'PATCH': return 'patch';
    case 'DELETE': return 'delete';
    default: return '';
  }
}

/** `metadata.name=x` in a list narrows authorization to that one name, as upstream does. */
function nameInFieldSelector(selector: string | null): string | undefined {
  if (selector === null) return undefined;
  for (const term of selector.split(',')) {
    const match = /^metadata\.name==?([^!=]*)$/.exec(term.trim());
    if (match?.[1]) return match[1];
  }
  return undefined;
}

/** How the API machinery reads a boolean query parameter: present and not `0` or `false`. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

function split(path: string): string[] {
  let start = 0;
  let end = path.length;
  while (start < end && path.charCodeAt(start) === 47) start++;
  while (end > start && path.charCodeAt(end - 1) === 47) end--;
  return start === end ? [] : path.slice(start, end).split('/');
}

/** The same of a request that has not been looked at yet. */
export function isLongRunningRequest({ method, rawPath, query }: { readonly method: string; readonly rawPath: string; readonly query: URLSearchParams }): boolean {
  return isLongRunning(requestInfoOf({ method, path: rawPath, query }));
}
