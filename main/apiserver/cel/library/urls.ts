import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { declare, type FunctionDeclaration, global, method } from '../declarations.ts';
import { CelEvaluationError } from '../runtime/evaluation-error.ts';
import { CelObject, MapValue } from '../runtime/values.ts';
import { BOOL, type CelType, listType, mapType, STRING, structType } from '../types.ts';

export const URL_TYPE = structType('kubernetes.URL');

class CelUrl extends CelObject {
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor(text: string) {
    super();
    const [, scheme = '', host = '', path = '', query = ''] = PARTS.exec(text) ?? [];
    this.text = text;
    this.scheme = scheme.toLowerCase();
    this.host = host;
    this.path = path;
    this.query = query;
  }

  get type(): CelType {
    return URL_TYPE;
  }

  get hostname(): string {
    return (/^\[(.*)\]/.exec(this.host)?.[1] ?? this.host.replace(/:\d*$/, ''));
  }

  get port(): string {
    return /:(\d*)$/.exec(this.host.replace(/^\[.*\]/, ''))?.[1] ?? '';
  }

  equals({ text }: this): boolean {
    return text === this.text;
  }
}

/** Scheme, host, path and query; the user and the fragment are nobody's business. */
const PARTS = /^(?:([A-Za-z][A-Za-z\d+.-]*):)?(?:\/\/(?:[^/?#@]*@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?/;
const BAD_PORT = /^(?:\[[^\]]*\]|[^:[\]]*)(:.*)$/;

/** Upstream: apiserver/pkg/cel/library/urls.go over Go's net/url. */
export function urlFunctions(): readonly FunctionDeclaration[] {
  const getter = (name: string, id: string, get: (url: CelUrl) => string): FunctionDeclaration => declare(name, method(id, [URL_TYPE], STRING, get));
  return [
    declare('url', global('string_to_url', [STRING], URL_TYPE, urlOf)),
    declare('isURL', global('is_url_string', [STRING], BOOL, (text: string) => requestUriProblem(text) === undefined)),
    getter('getScheme', 'url_get_scheme', ({ scheme }) => scheme),
    getter('getHost', 'url_get_host', ({ host }) => host),
    getter('getHostname', 'url_get_hostname', ({ hostname }) => hostname),
    getter('getPort', 'url_get_port', ({ port }) => port),
    getter('getEscapedPath', 'url_get_escaped_path', ({ path }) => escapedPath(path)),
    declare('getQuery', method('url_get_query', [URL_TYPE], mapType(STRING, listType(STRING)), queryOf)),
  ];
}

function urlOf(text: string): CelUrl {
  const problem = requestUriProblem(text);
  if (problem !== undefined) throw new CelEvaluationError(`URL parse error during conversion from string: ${problem}`);
  return new CelUrl(text);
}

/** What url.ParseRequestURI says; undefined when it is fine. */
export function requestUriProblem(text: string): string | undefined {
  const refuse = (why: string): string => `parse ${goQuote(text)}: ${why}`;
  if (text === '') return refuse('empty url');
  if (/[\0-\x1f\x7f]/.test(text)) return refuse('net/url: invalid control character in URL');
  if (text.startsWith(':')) return refuse('missing protocol scheme');
  const [, scheme, host = ''] = PARTS.exec(text) ?? [];
  if (scheme === undefined && !text.startsWith('/')) return refuse('invalid URI for request');
  if (/[ "<>\\^`{|}]/.test(host)) return refuse(`invalid character ${goQuote(/[ "<>\\^`{|}]/.exec(host)?.[0] ?? '')} in host name`);
  const port = BAD_PORT.exec(host)?.[1];
  if (port !== undefined && !/^:\d*$/.test(port)) return refuse(`invalid port ${goQuote(port)} after host`);
  const escape = /%(?![\da-fA-F]{2}).{0,2}/.exec(text)?.[0];
  return escape === undefined ? undefined : refuse(`invalid URL escape ${goQuote(escape)}`);
}

function escapedPath(path: string): string {
  return path.replaceAll(/[^A-Za-z\d\-_.~!$&'()*+,;=:@/%[\]]/gu, (character) => encodeURIComponent(character));
}

function queryOf({ query }: CelUrl): MapValue {
  const result = new MapValue();
  const parameters = new URLSearchParams(query);
  for (const key of new Set(parameters.keys())) result.insert(key, parameters.getAll(key));
  return result;
}
