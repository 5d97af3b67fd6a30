import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';

/** What a response is written as; the answer of {@link negotiateResponse}, the input of encode. */
export interface MediaType {
  readonly format: 'json' | 'yaml' | 'protobuf';
  /** For the Content-Type header of a plain response, `application/json`. */
  readonly contentType: string;
  /** For a watch, `application/json` (upstream sends it bare) or `application/vnd.kubernetes.protobuf;stream=watch`. */
  readonly watchContentType: string;
  /** The client asked for another kind of the same content: Table or PartialObjectMetadata(List) of meta.k8s.io. */
  readonly as?: GroupVersionKind;
  /** Indented JSON: `?pretty`, `;pretty=1`, or a browser or curl. */
  readonly pretty: boolean;
  /** `;profile=` of the clause that matched; '' without. */
  readonly profile: string;
}

export const JSON_TYPE = 'application/json';
export const YAML_TYPE = 'application/yaml';
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** In upstream's order, which messages list. */
export const RESPONSE_TYPES: readonly string[] = [JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE];
/** What the route of a pod's log produces. */
export const LOG_TYPES: readonly string[] = ['text/plain', ...RESPONSE_TYPES];
/** What go-restful lists in addition for endpoints that can watch. */
export const WATCH_TYPES: readonly string[] = [`${JSON_TYPE};stream=watch`, `${PROTOBUF_TYPE};stream=watch`];

export interface AcceptClause {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Accept headers longer than this are cut: nobody sends one, and parsing must stay cheap. */
const MAX_CLAUSES = 64;

/** Splits an Accept header; clauses come by falling quality, else as written. Malformed clauses are dropped. */
export function parseAccept(header: string): readonly AcceptClause[] {
  return header
    .split(',', MAX_CLAUSES)
    .flatMap((text) => parseClause(text) ?? [])
    .toSorted((a, b) => b.quality - a.quality);
}

function parseClause(text: string): AcceptClause | undefined {
  const [media = '', ...pairs] = text.split(';').map((part) => part.trim());
  const [type, subtype = '*'] = media === '*' ? ['*', '*'] : media.split('/');
  if (type === undefined || type === '') return undefined;
  const parameters = new Map<string, string>();
  let quality = 1;
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const name = pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1).trim();
    if (name === 'q') quality = Number.isNaN(Number.parseFloat(value)) ? 1 : Number.parseFloat(value);
    else parameters.set(name, value);
  }
  return { type, subtype, quality, parameters };
}
