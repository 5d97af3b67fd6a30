import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';
import type { GroupVersionInfo, ResourceInfo, SubresourceInfo } from '../../../kube/api/inventory.ts';

/** The HTTP operations of served resources, independent of the form of OpenAPI they are written in. */
export interface PathItem {
  readonly path: string;
  /** Names of parameters shared by all operations: see parameters.ts. */
  readonly parameters: readonly string[];
  readonly operations: readonly Operation[];
}

export interface Operation {
  readonly method: 'get' | 'put' | 'post' | 'delete' | 'options' | 'head' | 'patch';
  readonly id: string;
  readonly description: string;
  readonly action: string;
  readonly kind: GroupVersionKind;
  readonly parameters: readonly string[];
  /** Kind of the request body; `Patch` and `DeleteOptions` are those of meta/v1. */
  readonly body?: GroupVersionKind | 'Patch' | 'DeleteOptions';
  /** Kind of the answer; `string` for connect and logs. */
  readonly response: GroupVersionKind | 'Status' | 'WatchEvent' | 'string';
  /** Codes besides 401 whose answer has the response's schema. */
  readonly codes: readonly (200 | 201 | 202)[];
  /** Media types; `custom` are those of custom resources, read as well as written. */
  readonly produces: 'object' | 'stream' | 'log' | 'any' | 'custom';
}

export const LIST_PARAMETERS: readonly string[] = [
  'allowWatchBookmarks', 'continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion', 'resourceVersionMatch', 'sendInitialEvents',
  'shardSelector', 'timeoutSeconds', 'watch',
];
export const WRITE_PARAMETERS: readonly string[] = ['dryRun', 'fieldManager', 'fieldValidation'];
export const PATCH_PARAMETERS: readonly string[] = ['dryRun', 'fieldManager:patch', 'fieldValidation', 'force'];
export const DELETE_PARAMETERS: readonly string[] = [
  'dryRun', 'gracePeriodSeconds', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'orphanDependents', 'propagationPolicy',
];
const DELETE_COLLECTION_PARAMETERS: readonly string[] = [
  'continue', 'dryRun', 'fieldSelector', 'gracePeriodSeconds', 'ignoreStoreReadErrorWithClusterBreakingPotential', 'labelSelector', 'limit',
  'orphanDependents', 'propagationPolicy', 'resourceVersion', 'resourceVersionMatch', 'sendInitialEvents', 'shardSelector', 'timeoutSeconds',
];

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `CoreV1`, `RbacAuthorizationV1` */
export function operationPrefix({ group, version }: { group: string; version: string }): string {
  return `${groupName(group).map(capital).join('')}${capital(version)}`;
}

/** `rbac.authorization.k8s.io` -> rbac, authorization */
export function groupName(group: string): readonly string[] {
  return group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split('.');
}

/** `core_v1`, `rbacAuthorization_v1` */
export function tagOf(info: { group: string; version: string }): string {
  return `${groupTag(info.group)}_${info.version}`;
}

export function groupTag(group: string): string {
  const [first = '', ...rest] = groupName(group);
  return first + rest.map(capital).join('');
}

interface ResourceContext {
  readonly info: ResourceInfo;
  /** `/apis/apps/v1` */
  readonly root: string;
  readonly prefix: string;
}

export function rootPath({ group, version }: { group: string; version: string }): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
}

/** Every path below one group version, in no particular order. */
export function pathsOf(group: GroupVersionInfo): readonly PathItem[] {
  const root = rootPath(group);
  const prefix = operationPrefix(group);
  return group.resources.flatMap((info) => resourcePaths({ info, root, prefix }));
}

function resourcePaths(context: ResourceContext): readonly PathItem[] {
  const { info, root } = context;
  const scope = info.namespaced ? '/namespaces/{namespace}' : '';
  const scopeParameters = info.namespaced ? ['namespace'] : [];
  const collection = `${root}${scope}/${info.resource}`;
  const item = `${collection}/{name}`;
  return [
    collectionPath(context, collection, scopeParameters),
    itemPath(context, item, scopeParameters),
    ...allNamespacesPath(context),
    ...watchPaths(context, scope, scopeParameters),
    ...info.subresources.flatMap((subresource) => subresourcePaths(context, subresource, { path: `${item}/${subresource.name}`, scopeParameters })),
  ].filter(({ operations }) => operations.length > 0);
}

function collectionPath({ info, prefix }: ResourceContext, path: string, scope: readonly string[]): PathItem {
  const operations: Operation[] = [];
  const name = `${info.namespaced ? 'Namespaced' : ''}${info.kind}`;
  if (info.verbs.includes('deletecollection')) {
    operations.push({
      method: 'delete', id: `delete${prefix}Collection${name}`, description: `delete collection of ${info.kind}`, action: 'deletecollection', kind: info,
      parameters: DELETE_COLLECTION_PARAMETERS, body: 'DeleteOptions', response: 'Status', codes: [200], produces: 'object',
    });
  }
  if (info.verbs.includes('list')) operations.push(listOperation(info, `list${prefix}${name}`, LIST_PARAMETERS));
  if (info.verbs.includes('create')) operations.push(createOperation(info, `create${prefix}${name}`));
  // Collections that cannot be listed have their write parameters on the path, since there is only one operation.
  const isCreateOnly = operations.length === 1 && info.verbs.includes('create');
  const isListOnly = operations.length === 1 && info.verbs.includes('list');
  const shared = isCreateOnly ? WRITE_PARAMETERS : isListOnly ? LIST_PARAMETERS : [];
  const own = isCreateOnly || isListOnly ? operations.map((operation) => ({ ...operation, parameters: [] })) : operations;
  return { path, parameters: [...shared, ...scope, 'pretty'], operations: own };
}

function listOperation(info: ResourceInfo, id: string, parameters: readonly string[]): Operation {
  const canWatch = info.verbs.includes('watch');
  const description = canWatch || info.resource === 'componentstatuses' ? `list ${canWatch ? 'or watch ' : ''}objects of kind ${info.kind}` : '';
  return {
    method: 'get', id, description, action: 'list', kind: info, parameters, response: { ...info, kind: `${info.kind}List` }, codes: [200], produces: 'stream',
  };
}

function createOperation(info: ResourceInfo, id: string): Operation {
  return {
    method: 'post', id, description: `create ${article(info.kind)}${info.kind}`, action: 'post', kind: info, parameters: WRITE_PARAMETERS, body: info,
    response: info, codes: [200, 201, 202], produces: 'object',
  };
}

/** With its noun's space; what ends like a plural takes none (Endpoints). */
export function article(kind: string): string {
  if (/(?<!s)s$/.test(kind)) return '';
  return /^[AEIOU]/.test(kind) ? 'an ' : 'a ';
}

function itemPath({ info, prefix }: ResourceContext, path: string, scope: readonly string[]): PathItem {
  const name = `${info.namespaced ? 'Namespaced' : ''}${info.kind}`;
  return { path, parameters: ['name', ...scope, 'pretty'], operations: readWriteOperations(info, { info, kind: info, prefix, name, what: info.kind, of: '' }) };
}

interface Naming {
  readonly info: ResourceInfo;
  readonly kind: GroupVersionKind;
  readonly prefix: string;
  /** `NamespacedPod`, `NamespacedPodStatus` */
  readonly name: string;
  /** `Pod` */
  readonly what: string;
  /** '' or `status of `, in descriptions. */
  readonly of: string;
}

/** get, put, delete, patch of an object or a subresource. */
function readWriteOperations({ verbs }: Pick<SubresourceInfo, 'verbs'>, naming: Naming): readonly Operation[] {
  const { info, kind, prefix, name, what, of } = naming;
  const common = { kind, response: kind, produces: 'object' } as const;
  const operations: Operation[] = [];
  if (verbs.includes('delete')) {
    operations.push({
      ...common, method: 'delete', id: `delete${prefix}${name}`, description: `delete ${article(info.kind)}${what}`, action: 'delete', parameters: DELETE_PARAMETERS,
      body: 'DeleteOptions', response: deletedKind(info), codes: [200, 202],
    });
  }
  if (verbs.includes('get')) {
    operations.push({ ...common, method: 'get', id: `read${prefix}${name}`, description: `read ${of}the specified ${what}`, action: 'get', parameters: [], codes: [200] });
  }
  if (verbs.includes('patch')) {
    operations.push({
      ...common, method: 'patch', id: `patch${prefix}${name}`, description: `partially update ${of}the specified ${what}`, action: 'patch',
      parameters: PATCH_PARAMETERS, body: 'Patch', codes: [200, 201],
    });
  }
  if (verbs.includes('update')) {
    operations.push({
      ...common, method: 'put', id: `replace${prefix}${name}`, description: `replace ${of}the specified ${what}`, action: 'put', parameters: WRITE_PARAMETERS,
      body: kind, codes: [200, 201],
    });
  }
  return operations;
}

/** Resources whose DELETE answers the object; the others answer a Status. */
const ANSWERS_OBJECT = new Set([
  'pods', 'podtemplates', 'persistentvolumes', 'persistentvolumeclaims', 'resourcequotas', 'serviceaccounts', 'services', 'csidrivers', 'csinodes',
  'storageclasses', 'volumeattachments', 'volumeattributesclasses', 'deviceclasses', 'resourceclaims', 'resourceclaimtemplates', 'resourceslices',
]);

function deletedKind(info: ResourceInfo): Operation['response'] {
  return ANSWERS_OBJECT.has(info.resource) ? info : 'Status';
}

function allNamespacesPath({ info, root, prefix }: ResourceContext): readonly PathItem[] {
  if (!info.namespaced || !info.verbs.includes('list')) return [];
  const operation = listOperation(info, `list${prefix}${info.kind}ForAllNamespaces`, []);
  return [{ path: `${root}/${info.resource}`, parameters: [...LIST_PARAMETERS, 'pretty'], operations: [operation] }];
}

function watchPaths({ info, root, prefix }: ResourceContext, scope: string, scopeParameters: readonly string[]): readonly PathItem[] {
  if (!info.verbs.includes('watch')) return [];
  const name = `${info.namespaced ? 'Namespaced' : ''}${info.kind}`;
  const watch = (id: string, isList: boolean): Operation => ({
    method: 'get', id, action: isList ? 'watchlist' : 'watch', kind: info, parameters: [], response: 'WatchEvent', codes: [200], produces: 'stream',
    description: isList
      ? `watch individual changes to a list of ${info.kind}. deprecated: use the 'watch' parameter with a list operation instead.`
      : `watch changes to an object of kind ${info.kind}. deprecated: use the 'watch' parameter with a list operation instead, filtered to a single item with the 'fieldSelector' parameter.`,
  });
  const shared = [...LIST_PARAMETERS, 'pretty'];
  const collection = `${root}/watch${scope}/${info.resource}`;
  const items: PathItem[] = [
    { path: collection, parameters: [...shared, ...scopeParameters], operations: [watch(`watch${prefix}${name}List`, true)] },
    { path: `${collection}/{name}`, parameters: [...shared, 'name', ...scopeParameters], operations: [watch(`watch${prefix}${name}`, false)] },
  ];
  if (info.namespaced) {
    items.push({ path: `${root}/watch/${info.resource}`, parameters: shared, operations: [watch(`watch${prefix}${info.kind}ListForAllNamespaces`, true)] });
  }
  return items;
}

interface SubresourcePlace {
  readonly path: string;
  readonly scopeParameters: readonly string[];
}

const CONNECT_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  attach: ['container:attach', 'stderr:attach', 'stdin:attach', 'stdout:attach', 'tty:attach'],
  exec: ['command', 'container:exec', 'stderr:exec', 'stdin:exec', 'stdout:exec', 'tty:exec'],
  portforward: ['ports'],
};
const LOG_PARAMETERS: readonly string[] = [
  'container:log', 'follow', 'insecureSkipTLSVerifyBackend', 'limitBytes', 'previous', 'sinceSeconds', 'stream', 'tailLines', 'timestamps',
];

function subresourcePaths(context: ResourceContext, subresource: SubresourceInfo, { path, scopeParameters }: SubresourcePlace): readonly PathItem[] {
  const { info, prefix } = context;
  const suffix = capital(subresource.name);
  const name = `${info.namespaced ? 'Namespaced' : ''}${info.kind}${suffix}`;
  const shared = ['name', ...scopeParameters];
  if (subresource.kind.kind.endsWith('Options')) return connectPaths({ ...context, subresource, path, shared });
  if (subresource.name === 'log') {
    const operation: Operation = {
      method: 'get', id: `read${prefix}${name}`, description: `read log of the specified ${info.kind}`, action: 'get', kind: info, parameters: [],
      response: 'string', codes: [200], produces: 'log',
    };
    return [{ path, parameters: [...LOG_PARAMETERS, ...shared, 'pretty'], operations: [operation] }];
  }
  const isOnlyCreate = subresource.verbs.length === 1 && subresource.verbs[0] === 'create';
  if (isOnlyCreate) {
    const operation: Operation = {
      method: 'post', id: `create${prefix}${name}`, description: `create ${subresource.name} of ${article(info.kind)}${info.kind}`, action: 'post',
      kind: subresource.kind, parameters: [], body: subresource.kind, response: subresource.kind, codes: [200, 201, 202], produces: 'object',
    };
    return [{ path, parameters: [...WRITE_PARAMETERS, ...shared, 'pretty'], operations: [operation] }];
  }
  const operations = readWriteOperations(subresource, { info, kind: subresource.kind, prefix, name, what: info.kind, of: `${subresource.name} of ` });
  const isOnlyUpdate = operations.length === 1;
  return [{
    path,
    parameters: [...(isOnlyUpdate ? WRITE_PARAMETERS : []), ...shared, 'pretty'],
    operations: isOnlyUpdate ? operations.map((operation) => ({ ...operation, parameters: [] })) : operations,
  }];
}

interface ConnectContext extends ResourceContext {
  readonly subresource: SubresourceInfo;
  readonly path: string;
  readonly shared: readonly string[];
}

function connectPaths({ info, prefix, subresource, path, shared }: ConnectContext): readonly PathItem[] {
  const isProxy = subresource.name === 'proxy';
  const methods = isProxy ? (['delete', 'get', 'head', 'options', 'patch', 'post', 'put'] as const) : (['get', 'post'] as const);
  const base = `${info.namespaced ? 'Namespaced' : ''}${info.kind}${capital(subresource.name)}`;
  const operations = (suffix: string): readonly Operation[] =>
    methods.map((method) => ({
      method, id: `connect${prefix}${capital(method)}${base}${suffix}`, description: `connect ${method.toUpperCase()} requests to ${subresource.name} of ${info.kind}`,
      action: 'connect', kind: subresource.kind, parameters: [], response: 'string', codes: [200], produces: 'any',
    }));
  const own = isProxy ? [`path:${info.kind.toLowerCase()}`] : (CONNECT_PARAMETERS[subresource.name] ?? []);
  const items: PathItem[] = [{ path, parameters: [...own, ...shared], operations: operations('') }];
  if (isProxy) items.push({ path: `${path}/{path}`, parameters: [...own, ...shared, 'path:rest'], operations: operations('WithPath') });
  return items;
}
