import type { ObjectMeta } from '../../kube/apimachinery/object-meta.ts';

type Named = { readonly metadata: ObjectMeta };

/** `namespace/name`, or `name` when cluster-scoped: the key of listers and work queues. */
export function keyOf({ metadata }: Named): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function targetOf({ metadata }: Named): { readonly namespace?: string; readonly name: string } {
  return metadata.namespace ? { namespace: metadata.namespace, name: metadata.name } : { name: metadata.name };
}
