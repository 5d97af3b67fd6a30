/** Names of resources and kinds. The core group is the empty string. */

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
}
export interface GroupVersionResource extends GroupVersion {
  readonly resource: string;
}
export interface GroupVersionKind extends GroupVersion {
  readonly kind: string;
}

/** A typed handle of one served resource: what a client needs to build its URL. T is the type of one item. */
export interface Resource<T> extends GroupVersionResource, GroupVersionKind {
  readonly namespaced: boolean;
  /** Never set: carries the item type only. */
  readonly item?: T;
}

/** `v1` for the core group, `apps/v1` otherwise. */
export function apiVersionOf({ group, version }: GroupVersion): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The inverse of {@link apiVersionOf}. */
/** Upstream's refusal of what cannot be an apiVersion; undefined for all that can. */
export function apiVersionProblem(apiVersion: string): string | undefined {
  return apiVersion !== '/' && apiVersion.split('/').length > 2 ? `unexpected GroupVersion string: ${apiVersion}` : undefined;
}

export function parseApiVersion(apiVersion: string): GroupVersion {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
