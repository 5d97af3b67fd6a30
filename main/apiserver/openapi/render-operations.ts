import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';
import { definitionName, messageOfKind, PATCH } from './definition-names.ts';
import type { Operation, PathItem } from './operations.ts';
import { parameter } from './parameters.ts';
import { type Dialect, type Json, refTo } from './schemas.ts';

/** Writes operations as OpenAPI paths of either form. */
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

function responses(operation: Operation, options: RenderOptions): Json {
  const schema = schemaOfTarget(operation.response, options);
  const types = producedTypes[operation.produces];
  const body = options.dialect === 2 ? { schema } : { content: Object.fromEntries(types.map((type) => [type, { schema }])) };
  const answers = operation.codes.map((code) => [code, { description: statuses[code], ...body }] as const);
  return Object.fromEntries([...answers, [401, { description: statuses[401] }]]);
}

function bodyParameter(operation: Operation, options: RenderOptions): Json[] {
  if (operation.body === undefined || options.dialect === 3) return [];
  const required = operation.body === 'DeleteOptions' ? {} : { required: true };
  return [{ in: 'body', name: 'body', ...required, schema: schemaOfTarget(operation.body, options) }];
}

function consumedTypes({ body, produces }: Operation): readonly string[] {
  if (body === 'Patch') return produces === 'custom' ? CUSTOM_PATCH_TYPES : PATCH_TYPES;
  return produces === 'custom' ? CUSTOM_TYPES : ['*/*'];
}

function requestBody(operation: Operation, options: RenderOptions): Json {
  if (operation.body === undefined || options.dialect === 2) return {};
  const schema = schemaOfTarget(operation.body, options);
  const content = Object.fromEntries(consumedTypes(operation).map((type) => [type, { schema }]));
  return { requestBody: { content, ...(operation.body === 'DeleteOptions' ? {} : { required: true }) } };
}

function kindOf({ group, version, kind }: GroupVersionKind): Json {
  return { group, kind, version };
}

/** OpenAPI 3 has them by name, OpenAPI 2 as they are declared. */
function parametersOf(keys: readonly string[], options: { readonly kind: string; readonly dialect: Dialect }): readonly Json[] {
  const declared = keys.map((key) => parameter(key, options));
  return options.dialect === 2 ? declared : declared.toSorted((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
}

function renderOperation(operation: Operation, options: RenderOptions): Json {
  const { dialect, tag } = options;
  const own = parametersOf(operation.parameters, { kind: operation.kind.kind, dialect });
  const parameters = [...bodyParameter(operation, options), ...own];
  return {
    ...(dialect === 2 ? { consumes: consumedTypes(operation) } : {}),
    description: operation.description,
    operationId: operation.id,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(dialect === 2 ? { produces: producedTypes[operation.produces] } : {}),
    ...requestBody(operation, options),
    responses: responses(operation, options),
    ...(dialect === 2 ? { schemes: ['https'] } : {}),
    tags: [tag],
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': kindOf(operation.kind),
  };
}

/** One entry of `paths`. */
export function renderPath(item: PathItem, options: RenderOptions): Json {
  const kind = item.operations[0]?.kind.kind ?? '';
  const methods = item.operations.map((operation) => [operation.method, renderOperation(operation, options)] as const);
  const parameters = parametersOf(item.parameters, { kind, dialect: options.dialect });
  return { ...Object.fromEntries(methods), ...(parameters.length > 0 ? { parameters } : {}) };
}

/** A GET that is no resource: discovery, version; without a definition it answers a string. */
export function renderGet(place: { readonly id: string; readonly description: string; readonly definition?: string; readonly types: readonly string[] }, options: RenderOptions): Json {
  const schema = place.definition === undefined ? { type: 'string' } : refTo(place.definition, options.dialect);
  const body = options.dialect === 2 ? { schema } : { content: Object.fromEntries(place.types.map((type) => [type, { schema }])) };
  return {
    get: {
      ...(options.dialect === 2 && place.definition !== undefined ? { consumes: place.types } : {}),
      description: place.description,
      operationId: place.id,
      ...(options.dialect === 2 ? { produces: place.types } : {}),
      responses: { 200: { description: 'OK', ...body }, 401: { description: 'Unauthorized' } },
      ...(options.dialect === 2 ? { schemes: ['https'] } : {}),
      tags: [options.tag],
    },
  };
}
