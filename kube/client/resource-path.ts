import type { Resource } from '../apimachinery/gvr.ts';
import type { KubernetesObject } from '../apimachinery/object-meta.ts';
import type { DeleteOptions, ListOptions, WatchOptions, WriteOptions } from './client.ts';

/** URLs of the resource API: `/api/v1/namespaces/default/pods/web/status?…`. */
export interface ResourceTarget {
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

type ResourceName = Pick<Resource<unknown>, 'group' | 'version' | 'resource' | 'namespaced'>;

export function resourcePath(resource: ResourceName, { namespace, name, subresource }: ResourceTarget): string {
  const { group, version } = resource;
  const segments = group === '' ? ['api', version] : ['apis', group, version];
  if (resource.namespaced && namespace !== undefined && namespace !== '') segments.push('namespaces', namespace);
  segments.push(resource.resource);
  if (name !== undefined) segments.push(name);
  // A subresource such as `proxy/metrics` brings its own slashes.
  if (subresource !== undefined) segments.push(...subresource.split('/'));
  return `/${segments.map(encodeURIComponent).join('/')}`;
}

type QueryValue = string | number | boolean | undefined;

export function withQuery(path: string, query: Readonly<Record<string, QueryValue>>): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== '' && value !== false)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

export function listQuery(options: ListOptions): Readonly<Record<string, QueryValue>> {
  const { labelSelector, fieldSelector, limit, continue: token, resourceVersion, resourceVersionMatch } = options;
  return { labelSelector, fieldSelector, limit, continue: token, resourceVersion, resourceVersionMatch };
}

export function watchQuery(options: WatchOptions): Readonly<Record<string, QueryValue>> {
  const { allowWatchBookmarks, sendInitialEvents, timeoutSeconds } = options;
  return { watch: true, ...listQuery(options), allowWatchBookmarks, sendInitialEvents, timeoutSeconds };
}

export function writeQuery({ fieldManager, force, dryRun }: WriteOptions): Readonly<Record<string, QueryValue>> {
  return { fieldManager, force, dryRun: dryRun === true ? 'All' : undefined };
}

/** metav1.DeleteOptions, which travels as the body; undefined when there is nothing to say. */
export function deleteBody(options: DeleteOptions): unknown {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  const body = {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(dryRun === true ? { dryRun: ['All'] } : {}),
  };
  return Object.keys(body).length === 0 ? undefined : { kind: 'DeleteOptions', apiVersion: 'v1', ...body };
}

/** `namespace/name`, or `name` of a cluster-scoped object: the key of listers and work queues. */
export function keyOf({ metadata }: Pick<KubernetesObject, 'metadata'>): string {
  return metadata.namespace === undefined || metadata.namespace === '' ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

export function splitKey(key: string): { readonly namespace?: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** List items of built-in types come without their kind: fills in what the handle knows. */
export function withKind<T>(resource: Resource<T>, object: T): T {
  const known = object as Partial<KubernetesObject>;
  if (known.kind !== undefined && known.kind !== '' && known.apiVersion !== undefined) return object;
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  return { ...object, apiVersion, kind: resource.kind };
}
