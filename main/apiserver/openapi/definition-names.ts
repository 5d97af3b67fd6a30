import { servedGroupVersions } from '../../../kube/api/inventory.ts';
import { schemeVersions } from '../../../kube/api/scheme-versions.ts';
import { definitionDirectories, directoryOf, messagesOf } from '../../../kube/api/definitions.ts';
import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';

const prefixes: Readonly<Record<string, string>> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
};

/** `core/v1.Pod` -> `io.k8s.api.core.v1.Pod`, the name that OpenAPI documents use. */
export function definitionName(message: string): string {
  const [group = '', rest = ''] = message.split('/');
  return `${prefixes[group] ?? `io.k8s.api.${group}`}.${rest}`;
}

export const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
export const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
export const RAW_EXTENSION = 'io.k8s.apimachinery.pkg.runtime.RawExtension';
export const TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.Time';
export const MICRO_TIME = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';
export const FIELDS_V1 = 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1';
export const PATCH = 'io.k8s.apimachinery.pkg.apis.meta.v1.Patch';
export const VERSION_INFO = 'io.k8s.apimachinery.pkg.version.Info';

/** The message that a kind of a served group version is described by. */
export function messageOfKind({ group, version, kind }: GroupVersionKind): string | undefined {
  const own = `${directoryOf(group, version)}.${kind}`;
  const directory = directoryOf(group, version);
  return definitionDirectories().includes(directory) && messagesOf(directory).has(own) ? own : undefined;
}

function everyVersionOf(kind: string): readonly GroupVersionKind[] {
  return schemeVersions().map((groupVersion) => ({ ...groupVersion, kind }));
}

/** Kinds of meta/v1 that every group version registers. */
export const EVERYWHERE: ReadonlySet<string> = new Set(['DeleteOptions', 'WatchEvent']);
/** Kinds of the meta group that are registered for the core group. */
const CORE_ONLY = new Set(['Status', 'APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions']);

/** x-kubernetes-group-version-kind of a message; empty for those that are no kinds. */
export function kindsOfMessage(message: string): readonly GroupVersionKind[] {
  const dot = message.lastIndexOf('.');
  const directory = message.slice(0, dot);
  const kind = message.slice(dot + 1);
  if (directory === 'meta/v1') {
    if (CORE_ONLY.has(kind)) return [{ group: '', version: 'v1', kind }];
    return EVERYWHERE.has(kind) ? everyVersionOf(kind) : [];
  }
  if (messagesOf(directory).get(message)?.isKind !== true) return [];
  const served = servedGroupVersions().find(({ group, version }) => directoryOf(group, version) === directory);
  return served ? [{ group: served.group, version: served.version, kind }] : [];
}
