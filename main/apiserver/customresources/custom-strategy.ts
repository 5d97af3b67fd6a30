import type { FieldError } from '../../../kube/apimachinery/field-error.ts';
import { deepEqual, isJsonObject } from '../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { defaultStatusStrategy } from '../registry/generic/default-strategy.ts';
import type { ScaleStrategy, Strategy, StrategyContext } from '../registry/generic/strategy.ts';
import { type CustomVersion, validateCustomResource, validateCustomStatus } from './custom-version.ts';
import { findByJsonPath, parseJsonPath, withValueAt } from './json-path.ts';
import { withoutUnchanged } from './ratcheting.ts';
import { validateScaleSpec, validateScaleStatus } from './scale-validation.ts';

type CustomObject = KubernetesObject & { status?: unknown };

/** What is served now: the definition may change while the strategy lives. */
export interface CurrentVersions {
  readonly namespaced: boolean;
  version(name: string): CustomVersion | undefined;
  storageVersion(): CustomVersion;
}

/** Upstream: apiextensions-apiserver, pkg/registry/customresource. */
export function customStrategy(current: CurrentVersions): Strategy {
  const versionOf = ({ version }: StrategyContext): CustomVersion => current.version(version) ?? current.storageVersion();
  return {
    namespaced: current.namespaced,
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: false,
    prepareForCreate: (object: CustomObject, context) => (versionOf(context).hasStatus ? withoutStatus(object) : object),
    validate: (object, context) => withRules(versionOf(context), { object, errors: [...validateCustomResource(versionOf(context), object), ...scaleErrors(versionOf(context), object)] }, context),
    prepareForUpdate: (next: CustomObject, previous: CustomObject, context) => prepareForUpdate(next, previous, versionOf(context)),
    validateUpdate: (next, previous, context) => withRules(versionOf(context), { object: next, previous, errors: [...ratcheted(validateCustomResource(versionOf(context), next), next, previous), ...scaleErrors(versionOf(context), next)] }, context),
    selectableFields: (object) => customSelectableFields(current.storageVersion(), object),
    status: {
      prepareForUpdate: keepAllButStatus,
      validateUpdate: (next, previous, context) => withRules(versionOf(context), { object: next, previous, errors: [...ratcheted(validateCustomStatus(versionOf(context), next), next, previous), ...validateScaleStatus(versionOf(context), next)] }, context),
    },
    scale: scaleBy(current),
  };
}

export function customSelectableFields({ selectableFields }: CustomVersion, object: KubernetesObject): Readonly<Record<string, string>> {
  return Object.fromEntries(selectableFields.map((path) => [path, textAt(object, path)]));
}

interface Validated {
  readonly object: KubernetesObject;
  /** Absent on a create. */
  readonly previous?: KubernetesObject;
  /** What the schema says. */
  readonly errors: readonly FieldError[];
}

function withRules({ rules }: CustomVersion, { object, previous, errors }: Validated, context: StrategyContext): readonly FieldError[] {
  const run = rules.validate(object, previous, errors);
  for (const warning of run.warnings) context.warn?.(warning);
  return [...errors, ...run.errors];
}

/** Never ratcheted, as upstream. */
function scaleErrors(version: CustomVersion, object: KubernetesObject): readonly FieldError[] {
  return [...validateScaleSpec(version, object), ...validateScaleStatus(version, object)];
}

function ratcheted(errors: readonly FieldError[], next: unknown, previous: unknown): readonly FieldError[] {
  return errors.length === 0 ? errors : withoutUnchanged(errors, next, previous);
}

function withoutStatus(object: CustomObject): CustomObject {
  if (object.status === undefined) return object;
  const { status: _dropped, ...rest } = object;
  return rest;
}

function prepareForUpdate(next: CustomObject, previous: CustomObject, { hasStatus }: CustomVersion): CustomObject {
  if (hasStatus) return previous.status === undefined ? withoutStatus(next) : { ...next, status: previous.status };
  // Without the subresource a change of status counts like any other; the registry looks at the rest.
  if (deepEqual(next.status, previous.status)) return next;
  return { ...next, metadata: { ...next.metadata, generation: (previous.metadata.generation ?? 0) + 1 } };
}

/** Only managedFields of the metadata move with a write of the status. */
function keepAllButStatus(next: KubernetesObject, previous: KubernetesObject, context: StrategyContext): KubernetesObject {
  const result = defaultStatusStrategy.prepareForUpdate(next, previous, context);
  const { managedFields } = next.metadata;
  const { managedFields: _old, ...metadata } = previous.metadata;
  const resourceVersion = next.metadata.resourceVersion ?? '';
  return { ...result, metadata: { ...metadata, resourceVersion, ...(managedFields ? { managedFields } : {}) } };
}

function textAt(object: unknown, path: string): string {
  const [value] = findByJsonPath(object, parseJsonPath(path) ?? []);
  return value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

function scaleBy(current: CurrentVersions): ScaleStrategy<KubernetesObject> {
  const numberAt = (object: KubernetesObject, path: string | undefined): number | undefined => {
    const [value] = path ? findByJsonPath(object, parseJsonPath(path) ?? []) : [];
    return typeof value === 'number' ? Math.trunc(value) : undefined;
  };
  return {
    replicas(object) {
      const { scale } = current.storageVersion();
      const spec = numberAt(object, scale?.specReplicasPath);
      return {
        spec: spec ?? 0, status: numberAt(object, scale?.statusReplicasPath) ?? 0, ...(spec === undefined ? { missing: scale?.specReplicasPath ?? '' } : {}),
        selector: scale?.labelSelectorPath ? textAt(object, scale.labelSelectorPath) : '',
      };
    },
    replicasPath: () => (parseJsonPath(current.storageVersion().scale?.specReplicasPath ?? '') ?? []).map(String),
    withReplicas(object, replicas) {
      const path = parseJsonPath(current.storageVersion().scale?.specReplicasPath ?? '') ?? [];
      const next: unknown = withValueAt(object as unknown as Record<string, unknown>, path, replicas);
      return isJsonObject(next) ? (next as unknown as KubernetesObject) : object;
    },
  };
}
