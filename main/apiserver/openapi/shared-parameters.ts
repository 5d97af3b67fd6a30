import { isJsonObject } from '../../../kube/apimachinery/json.ts';
import { goJson } from '../../../kube/apimachinery/go-format.ts';
import type { Json } from './schemas.ts';

/** What is alike in many operations of OpenAPI 2, written once (upstream: kube-openapi, pkg/builder/parameters.go). */
export interface SharedParameters {
  /** Paths whose shared parameters are `{ $ref: '#/parameters/NAME' }`. */
  readonly paths: Json;
  /** By name: the parameter's own and a digest of its text, `watch-XNNPZGbK`. */
  readonly parameters: Json;
}

/** Takes the parameters out that speak of no kind; those that kubectl looks for in operations stay where they are. */
export function sharedParameters(paths: Json): SharedParameters {
  const names = new Map<string, string>();
  const parameters: Json = {};
  const share = (parameter: unknown): unknown => {
    if (!isJsonObject(parameter) || !isShared(parameter)) return parameter;
    const text = goJson(parameter);
    const name = names.get(text) ?? `${String(parameter['name'])}-${digest(text)}`;
    names.set(text, name);
    parameters[name] = parameter;
    return { $ref: `#/parameters/${name}` };
  };
  return { paths: mapMembers(paths, (item) => sharedIn(item, share)), parameters: Object.fromEntries(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** Of a path and of its operations. */
function sharedIn(item: unknown, share: (parameter: unknown) => unknown): unknown {
  if (!isJsonObject(item)) return item;
  const withOwn = (holder: Json): Json => (Array.isArray(holder['parameters']) ? { ...holder, parameters: holder['parameters'].map(share) } : holder);
  return withOwn(mapMembers(item, (member) => (isJsonObject(member) ? withOwn(member) : member)));
}

function mapMembers(object: Json, map: (member: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([name, member]) => [name, map(member)]));
}

function isShared({ name, in: place, schema }: Json): boolean {
  if (name === 'name' || (place === 'query' && (name === 'fieldValidation' || name === 'dryRun'))) return false;
  const target = isJsonObject(schema) ? String(schema['$ref'] ?? '') : '';
  return place !== 'body' || name !== 'body' || target.startsWith('#/definitions/io.k8s.apimachinery');
}

/** Eight characters of a 64-bit FNV-1. */
function digest(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, hash * 0x100000001b3n) ^ BigInt(byte);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(hash);
  return bytes.subarray(0, 6).toString('base64url');
}
