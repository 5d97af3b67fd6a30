import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import type { Strategy, StatusStrategy } from './strategy.ts';

type AnyObject = KubernetesObject & { spec?: unknown; status?: unknown };

/** Writes status and metadata, never what lies beside them. */
export const defaultStatusStrategy: StatusStrategy<KubernetesObject> = {
  prepareForUpdate(next: AnyObject, previous: AnyObject) {
    const result: AnyObject = { ...previous, metadata: next.metadata };
    if (next.status === undefined) delete result.status;
    else result.status = next.status;
    return result;
  },
  validateUpdate: () => [],
};

/** For resources whose own strategy is not written yet: metadata is validated, spec is taken as decoded, status is kept apart. */
export function defaultStrategy(options: { readonly namespaced: boolean; readonly hasStatus: boolean; readonly hasSpec: boolean }): Strategy {
  const { namespaced, hasStatus, hasSpec } = options;
  return {
    namespaced,
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: true,
    generation: hasSpec,
    prepareForCreate(obj: AnyObject) {
      if (!hasStatus || obj.status === undefined) return obj;
      const { status: _dropped, ...rest } = obj;
      return rest;
    },
    validate: () => [],
    prepareForUpdate(next: AnyObject, previous: AnyObject) {
      if (!hasStatus) return next;
      const { status: _dropped, ...rest } = next;
      return previous.status === undefined ? rest : { ...rest, status: previous.status };
    },
    validateUpdate: () => [],
    ...(hasStatus ? { status: defaultStatusStrategy } : {}),
  };
}
