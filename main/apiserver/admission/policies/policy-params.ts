import type { ParamKind, ParamRef } from '../../../../kube/api/generated/admissionregistration/v1.ts';
import { selectorMatches } from '../../../../kube/apimachinery/label-selector.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from '../../authentication/object-reader.ts';
import type { AdmissionAttributes } from '../admission.ts';

/** Which resource holds objects of a kind; undefined when none is served. */
export type FindKind = (kind: { readonly apiVersion: string; readonly kind: string }) => { readonly group: string; readonly resource: string; readonly namespaced: boolean } | undefined;

export interface ParamOptions {
  readonly reader: ObjectReader;
  readonly findKind: FindKind;
}

/** `[undefined]`: once, without parameters. Throws a plain Error when the binding cannot be used. */
export async function collectParams(
  { reader, findKind }: ParamOptions,
  { paramKind, paramRef }: { readonly paramKind: ParamKind | undefined; readonly paramRef: ParamRef | undefined },
  attributes: AdmissionAttributes,
): Promise<readonly (KubernetesObject | undefined)[]> {
  if (!paramKind) return [undefined];
  const { apiVersion = '', kind = '' } = paramKind;
  const resource = findKind({ apiVersion, kind });
  if (!resource) throw new Error(`failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`);
  if (!paramRef) return [undefined];
  const namespace = paramNamespace(resource.namespaced, paramRef, attributes);
  const found = await findParams(reader, resource, { paramRef, namespace });
  if (found.length > 0) return found;
  if (paramRef.parameterNotFoundAction === 'Allow') return [];
  throw new Error('no params found for policy binding with `Deny` parameterNotFoundAction');
}

function paramNamespace(isNamespaced: boolean, { namespace }: ParamRef, attributes: AdmissionAttributes): string | undefined {
  if (!isNamespaced) {
    if (namespace) throw new Error('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
    return undefined;
  }
  if (namespace) return namespace;
  if (attributes.namespace === '') throw new Error('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  return attributes.namespace;
}

async function findParams(
  reader: ObjectReader,
  resource: { readonly group: string; readonly resource: string },
  { paramRef: { name, selector }, namespace }: { readonly paramRef: ParamRef; readonly namespace: string | undefined },
): Promise<readonly KubernetesObject[]> {
  if (name) {
    const object = await reader.get(resource, { name, ...(namespace === undefined ? {} : { namespace }) });
    return object ? [object] : [];
  }
  const objects = await reader.list(resource, namespace);
  const isAll = Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
  return isAll ? objects : objects.filter(({ metadata }) => selectorMatches(selector, metadata.labels ?? {}));
}
