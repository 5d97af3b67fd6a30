import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { isQualifiedName } from '../../../../../kube/apimachinery/name-validation.ts';
import type { StatusStrategy } from '../../generic/strategy.ts';
import { buildStrategy, collect } from '../../validation/build-strategy.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH, type FieldPath } from '../../validation/field-path.ts';
import { checkKubeFinalizer } from '../../validation/values.ts';

type Namespace = core.Namespace;
const FINALIZERS = SPEC_PATH.child('finalizers');
const NAME_LABEL = 'kubernetes.io/metadata.name';
const KUBERNETES = 'kubernetes';

export const namespaceStrategy = buildStrategy<Namespace>({
  namespaced: false,
  defaults(namespace) {
    if (namespace.metadata.name) namespace.metadata.labels = { ...namespace.metadata.labels, [NAME_LABEL]: namespace.metadata.name };
    namespace.status ??= {};
    namespace.status.phase ||= 'Active';
  },
  prepareForCreate(namespace) {
    const finalizers = namespace.spec?.finalizers ?? [];
    const { name, labels } = namespace.metadata;
    return {
      ...namespace,
      metadata: { ...namespace.metadata, labels: { ...labels, [NAME_LABEL]: name } },
      spec: { ...namespace.spec, finalizers: finalizers.includes(KUBERNETES) ? finalizers : [...finalizers, KUBERNETES] },
      status: { phase: 'Active' },
    };
  },
  check(namespace, errors) {
    for (const finalizer of namespace.spec?.finalizers ?? []) checkFinalizer(finalizer, FINALIZERS, errors);
  },
  prepareForUpdate: (next, previous) => ({ ...next, spec: { ...next.spec, finalizers: previous.spec?.finalizers ?? [] } }),
  recheckOnUpdate: false,
  status: { check: checkPhase },
  specFinalizers: (namespace) => namespace.spec?.finalizers ?? [],
  subresources: { finalize: finalizeStrategy() },
  selectableFields: ({ status }) => ({ 'status.phase': status?.phase ?? '' }),
});

/** What its deletion makes of it. */
export function terminatingNamespace(namespace: Namespace): Namespace {
  return { ...namespace, status: { ...namespace.status, phase: 'Terminating' } };
}

function checkFinalizer(finalizer: string, path: FieldPath, errors: FieldErrors): void {
  errors.invalidEach(path, finalizer, isQualifiedName(finalizer));
  checkKubeFinalizer(finalizer, path, errors);
}

function checkPhase(next: Namespace, _previous: Namespace, errors: FieldErrors): void {
  const phase = next.status?.phase ?? '';
  const path = STATUS_PATH.child('Phase');
  if (next.metadata.deletionTimestamp === undefined) {
    if (phase !== 'Active') errors.invalid(path, phase, "may only be 'Active' if `deletionTimestamp` is empty");
  } else if (phase !== 'Terminating') {
    errors.invalid(path, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
  }
}

function finalizeStrategy(): StatusStrategy<Namespace> {
  return {
    prepareForUpdate: (next, previous) => ({ ...next, status: previous.status ?? {} }),
    validateUpdate: (next) =>
      collect((errors) => {
        for (const [index, finalizer] of (next.spec?.finalizers ?? []).entries()) checkFinalizer(finalizer, FINALIZERS.index(index), errors);
      }),
  };
}
