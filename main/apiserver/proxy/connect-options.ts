import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { RequestContext } from '../endpoints/request.ts';

type Reader = (query: URLSearchParams, name: string) => unknown;

/** Upstream: Convert_Slice_string_To_bool. An empty value is true. */
const flag: Reader = (query, name) => {
  const value = query.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false' ? true : undefined;
};
const text: Reader = (query, name) => query.get(name) || undefined;
const list: Reader = (query, name) => (query.has(name) ? query.getAll(name) : undefined);
const numbers: Reader = (query, name) => (query.has(name) ? query.getAll(name).flatMap((value) => value.split(',')).map(Number) : undefined);

const STREAM_FIELDS: Readonly<Record<string, Reader>> = { stdin: flag, stdout: flag, stderr: flag, tty: flag, container: text };
const OPTIONS: Readonly<Record<string, { readonly kind: string; readonly fields: Readonly<Record<string, Reader>> }>> = {
  'pods/attach': { kind: 'PodAttachOptions', fields: STREAM_FIELDS },
  'pods/exec': { kind: 'PodExecOptions', fields: { ...STREAM_FIELDS, command: list } },
  'pods/portforward': { kind: 'PodPortForwardOptions', fields: { ports: numbers } },
  'pods/proxy': { kind: 'PodProxyOptions', fields: {} },
  'services/proxy': { kind: 'ServiceProxyOptions', fields: {} },
  'nodes/proxy': { kind: 'NodeProxyOptions', fields: {} },
};

/** What a connection asks for, as the object that admission judges (upstream: the options of a rest.Connecter). It has no metadata. */
export function connectOptions({ info, request }: RequestContext, proxiedPath: string): KubernetesObject {
  const options = OPTIONS[`${info.resource}/${info.subresource}`];
  const entries = Object.entries(options?.fields ?? {}).flatMap(([name, read]) => {
    const value = read(request.query, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const path = info.subresource === 'proxy' && proxiedPath !== '' ? { path: proxiedPath } : {};
  return { kind: options?.kind ?? '', apiVersion: 'v1', ...Object.fromEntries(entries), ...path } as unknown as KubernetesObject;
}
