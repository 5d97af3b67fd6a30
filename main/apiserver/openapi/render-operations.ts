import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';
import { definitionName, messageOfKind, PATCH } from './definition-names.ts';
import type { Operation, PathItem } from './operations.ts';
import { parameter } from './parameters.ts';
import { type Dialect, type Json, refTo } from './schemas.ts';

/** Writes operations as OpenAPI paths of either form, members in the order of Go's structs. */
const OBJECT_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const STREAM_TYPES = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
const CUSTOM_TYPES = ['application/json', 'application/yaml'];
const CUSTOM_PATCH_TYPES = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'];
const PATCH_TYPES = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'];

const producedTypes: Readonly<Record<Operation['produces'], readonly string[]>> = {
  object: OBJECT_TYPES,
  stream: [...OBJECT_TYPES, ...STREAM_TYPES],
  log: ['text/plain', ...OBJECT_TYPES],
  any: ['*/*'],
  custom: CUSTOM_TYPES,
};

const statuses: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted', 401: 'Unauthorized' };

export interface RenderOptions {
  readonly dialect: Dialect;
  readonly tag: string;
  /** Definition of a kind that is not built in (custom resources). */
  readonly definitionOfKind?: (gvk: GroupVersionKind) => string | undefined;
}

/** The definition that a kind of a request or response is described by. */
export function definitionOfTarget(target: GroupVersionKind | string, options: Pick<RenderOptions, 'definitionOfKind'>): string | undefined {
  if (target === 'string') return undefined;
  if (target === 'Patch') return PATCH;
  if (typeof target === 'string') return definitionName(`meta/v1.${target}`);
  const message = messageOfKind(target);
  return message === undefined ? options.definitionOfKind?.(target) : definitionName(message);
}

function schemaOfTarget(target: GroupVersionKind | string, options: RenderOptions): Json {
  const name = definitionOfTarget(target, options);
  return name === undefined ? { type: 'string' } : refTo(name, options.dialect);
}

/** By media type, sorted. */
function contentOf(types: readonly string[], schema: Json): Json {
  return Object.fromEntries(types.toSorted().map((type) => [type, { schema }]));
}

function responses(operation: Operation, options: RenderOptions): Json {
  const schema = schemaOfTarget(operation.response, options);
  const types = producedTypes[operation.produces];
  const body = options.dialect === 2 ? { schema } : { content: contentOf(types, schema) };
  const answers = operation.codes.map((code) => [code, { description: statuses[code], ...body }] as const);
  return Object.fromEntries([...answers, [401, { description: statuses[401] }]]);
}

function bodyParameter(operation: Operation, options: RenderOptions): Json[] {
  if (operation.body === undefined || options.dialect === 3) return [];
  const required = operation.body === 'DeleteOptions' ? {} : { required: true };
  return [{ name: 'body', in: 'body', ...required, schema: schemaOfTarget(operation.body, options) }];
}

function consumedTypes({ body, produces }: Operation): readonly string[] {
  if (body === 'Patch') return produces === 'custom' ? CUSTOM_PATCH_TYPES : PATCH_TYPES;
  return produces === 'custom' ? CUSTOM_TYPES : ['*/*'];
}

function requestBody(operation: Operation, options: RenderOptions): Json {
  if (operation.body === undefined || options.dialect === 2) return {};
  const schema = schemaOfTarget(operation.body, options);
  const content = contentOf(consumedTypes(operation), schema);
  return { requestBody: { content, ...(operation.body === 'DeleteOptions' ? {} : { required: true }) } };
}

function kindOf({ group, version, kind }: GroupVersionKind, dialect: Dialect): Json {
  return dialect === 2 ? { group, kind, version } : { group, version, kind };
}

/** By name, and those of one name by place: `path` before `query`. */
function sortedParameters(declared: readonly Json[]): readonly Json[] {
  const place = (declaration: Json): string => `${String(declaration['name'])} ${String(declaration['in'])}`;
  return declared.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
}

function renderOperation(operation: Operation, options: RenderOptions): Json {
  const { dialect, tag } = options;
  const own = operation.parameters.map((key) => parameter(key, { kind: operation.kind.kind, dialect }));
  const parameters = sortedParameters([...bodyParameter(operation, options), ...own]);
  const { description, id: operationId } = operation;
  const head = dialect === 2
    ? { description, consumes: consumedTypes(operation), produces: producedTypes[operation.produces], schemes: ['https'], tags: [tag], operationId }
    : { tags: [tag], description, operationId };
  return {
    ...head,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...requestBody(operation, options),
    responses: responses(operation, options),
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': kindOf(operation.kind, dialect),
  };
}

const METHODS: readonly Operation['method'][] = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

/** One entry of `paths`. */
export function renderPath(item: PathItem, options: RenderOptions): Json {
  const kind = item.operations[0]?.kind.kind ?? '';
  const operations = item.operations.toSorted((a, b) => METHODS.indexOf(a.method) - METHODS.indexOf(b.method));
  const methods = operations.map((operation) => [operation.method, renderOperation(operation, options)] as const);
  const parameters = sortedParameters(item.parameters.map((key) => parameter(key, { kind, dialect: options.dialect })));
  return { ...Object.fromEntries(methods), ...(parameters.length > 0 ? { parameters } : {}) };
}

/** A GET that is no resource: discovery, version; without a definition it answers a string. */
export function renderGet(place: { readonly id: string; readonly description: string; readonly definition?: string; readonly types: readonly string[] }, options: RenderOptions): Json {
  const schema = place.definition === undefined ? { type: 'string' } : refTo(place.definition, options.dialect);
  const { definition, description, id: operationId, types } = place;
  const tags = [options.tag];
  const body = options.dialect === 2 ? { schema } : { content: contentOf(types, schema) };
  const consumes = definition === undefined ? {} : { consumes: types };
  const head = options.dialect === 2 ? { description, ...consumes, produces: types, schemes: ['https'], tags, operationId } : { tags, description, operationId };
  return { get: { ...head, responses: { 200: { description: 'OK', ...body }, 401: { description: 'Unauthorized' } } } };
}
