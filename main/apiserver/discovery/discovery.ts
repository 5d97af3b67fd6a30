import { createHash } from 'node:crypto';
import { goJson } from '../../../kube/apimachinery/go-format.ts';
import type { GroupVersionInfo, ResourceInfo } from '../../../kube/api/inventory.ts';
import { methodNotAllowed } from '../endpoints/dispatch.ts';
import type { ApiRequest, ApiResponse } from '../endpoints/request.ts';
import { encode } from '../negotiation/encode.ts';
import { JSON_TYPE, parseAccept, PROTOBUF_TYPE, YAML_TYPE } from '../negotiation/media-type.ts';
import { negotiateResponse, wantsPretty } from '../negotiation/negotiate.ts';
import { apiGroup, apiGroupDiscoveryList, apiGroupList, apiResourceList, apiVersions } from './documents.ts';

export interface DiscoveryOptions {
  /** What is served now, custom resources and aggregated groups included, in the order of that form; asked per request. */
  readonly groupVersions: (form: 'plain' | 'aggregated') => readonly GroupVersionInfo[];
  readonly isBuiltIn: (group: string) => boolean;
  /** `127.0.0.1:6443` */
  readonly serverAddress: () => string;
}

const AGGREGATED = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/**
 * Answers GET (of /apis, /apis/GROUP and custom groups any method) of /api, /apis, /api/v1, /apis/GROUP and /apis/GROUP/VERSION, with or without a trailing slash;
 * undefined for any other path and for groups that are not served. /api and /apis also answer aggregated discovery v2 (v2beta1
 * ended with 1.33), with an ETag and 304. Throws 405 and 406.
 */
export function discovery(options: DiscoveryOptions): (request: ApiRequest, path: string) => ApiResponse | undefined {
  return (request, path) => {
    const [root, ...rest] = path.replace(/\/$/, '').split('/').slice(1);
    if ((root !== 'api' && root !== 'apis') || rest.length > 2) return undefined;
    // Upstream's aggregator serves the lists of groups, and asks for no method; the others are routes for GET alone.
    const isAggregators = root === 'apis' && rest.length < 2;
    const isWrongMethod = request.method !== 'GET' && !isAggregators;
    if (isWrongMethod && rest.length === 0) return undefined;
    if (rest.length === 0) return rootDocument(request, options, root === 'api');
    const served = options.groupVersions('plain');
    if (root === 'apis' && rest.length === 1) return answer(request, apiGroup(served, rest[0] ?? ''), { routed: false });
    const [group, version] = root === 'api' ? ['', rest[0]] : rest;
    if (root === 'api' ? rest.length !== 1 : group === '') return undefined;
    const info = served.find((candidate) => candidate.group === group && candidate.version === version);
    // Those of custom groups are answered whatever the method.
    if (info && isWrongMethod && options.isBuiltIn(info.group)) throw methodNotAllowed();
    return answer(request, info && apiResourceList(info));
  };
}

/**
 * Groups resources by version in the order given, groups in the order they first appear: what {@link DiscoveryOptions}
 * wants, from a flat list such as the catalog's. Groups that `builtIn` does not know come last, by name, their versions in
 * Kubernetes' order (v2, v1, v1beta1).
 */
export function groupVersionsOf(resources: Iterable<ResourceInfo>, builtIn: ReadonlySet<string>): readonly GroupVersionInfo[] {
  const versions = Map.groupBy(resources, ({ group, version }) => `${group}/${version}`);
  const infos = [...versions.values()].flatMap((members) => {
    const first = members[0];
    return first ? [{ group: first.group, version: first.version, resources: members }] : [];
  });
  const added = infos.filter(({ group }) => !builtIn.has(group));
  added.sort((a, b) => (a.group === b.group ? compareVersions(a.version, b.version) : a.group < b.group ? -1 : 1));
  return [...infos.filter(({ group }) => builtIn.has(group)), ...added];
}

/** Kubernetes' version priority: stable before beta before alpha, newer first, anything else last by name. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionRank(a), versionRank(b)];
  for (let index = 0; index < left.length; index += 1) {
    const difference = (right[index] ?? 0) - (left[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function versionRank(version: string): readonly number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return [-1, 0, 0];
  const stage = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
}

function answer(request: ApiRequest, document: { kind: string; apiVersion: string } | undefined, { routed }: { readonly routed: boolean } = { routed: true }): ApiResponse | undefined {
  if (!document) return undefined;
  const offer = { transforms: false, routed, ...prettinessOf(request) };
  const mediaType = negotiateResponse(request.headers['accept'], offer);
  const isBare = document.apiVersion === '' && mediaType.format !== 'protobuf';
  const { apiVersion: _apiVersion, ...bare } = document;
  const body = encode(isBare ? (bare as typeof document) : document, mediaType);
  return { status: 200, headers: { 'content-type': mediaType.contentType }, body };
}

function prettinessOf({ query, headers }: ApiRequest): { readonly prettyQuery: string | null; readonly userAgent?: string } {
  return { prettyQuery: query.get('pretty'), ...(headers['user-agent'] ? { userAgent: headers['user-agent'] } : {}) };
}

function rootDocument(request: ApiRequest, options: DiscoveryOptions, core: boolean): ApiResponse | undefined {
  const asked = aggregatedForm(request.headers['accept']);
  if (!asked) return answer(request, core ? apiVersions(options.serverAddress()) : apiGroupList(options.groupVersions('plain')), { routed: core });
  const { format, parameter } = asked;
  const document = apiGroupDiscoveryList(options.groupVersions('aggregated'), core);
  const { kind: _kind, apiVersion: _apiVersion, ...content } = document;
  // As upstream's: of the content, however it is written.
  const etag = `"${createHash('sha512').update(goJson(content)).digest('hex').toUpperCase()}"`;
  const contentType = `${{ json: JSON_TYPE, yaml: YAML_TYPE, protobuf: PROTOBUF_TYPE }[format]};${AGGREGATED}`;
  const headers = { 'content-type': contentType, etag, 'cache-control': 'public', vary: 'Accept' };
  if (request.headers['if-none-match'] === etag) return { status: 304, headers: { etag, 'cache-control': 'public', vary: 'Accept' }, body: new Uint8Array(0) };
  return { status: 200, headers, body: encode(document, { format, pretty: wantsPretty(parameter, prettinessOf(request)) }) };
}

interface AggregatedForm {
  readonly format: 'json' | 'yaml' | 'protobuf';
  /** `pretty` of the clause. */
  readonly parameter: string | undefined;
}

const FORMATS: Readonly<Record<string, AggregatedForm['format']>> = { [JSON_TYPE]: 'json', [YAML_TYPE]: 'yaml', [PROTOBUF_TYPE]: 'protobuf' };

/** The format of aggregated discovery when the client prefers that; the first clause that can be answered decides. */
function aggregatedForm(accept: string | undefined): AggregatedForm | undefined {
  for (const { type, subtype, parameters } of parseAccept(accept ?? '')) {
    const mediaType = `${type}/${subtype}`;
    const isTransform = parameters.has('as') || parameters.has('g') || parameters.has('v');
    const isAggregated = parameters.get('g') === 'apidiscovery.k8s.io' && parameters.get('v') === 'v2' && parameters.get('as') === 'APIGroupDiscoveryList';
    const format = FORMATS[mediaType];
    if (isAggregated && format) return { format, parameter: parameters.get('pretty') };
    if (!isTransform && (mediaType === JSON_TYPE || mediaType === '*/*' || mediaType === PROTOBUF_TYPE)) return undefined;
  }
  return undefined;
}
