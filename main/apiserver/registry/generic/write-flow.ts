import { fieldInvalid, type FieldError } from '../../../../kube/apimachinery/field-error.ts';
import { isValidPathSegmentName } from '../../../../kube/apimachinery/name-validation.ts';
import type { KubernetesObject, ObjectMeta } from '../../../../kube/apimachinery/object-meta.ts';
import { failureStatus, StatusError } from '../../../../kube/apimachinery/status.ts';
import { newConflict, newInvalid, OPTIMISTIC_LOCK_MESSAGE } from '../../../../kube/apimachinery/status-errors.ts';
import { hasGivenEmpty, wasGivenEmpty } from '../../../../kube/api/typed-object.ts';
import { equalButEmptyLists } from '../validation/semantic-equal.ts';
import { timestamp } from './deletion.ts';
import { standardFinalizerErrors, validateObjectMeta, validateObjectMetaUpdate } from './object-meta-validation.ts';
import type { MetadataRules, ResourceDefinition } from './resource-definition.ts';
import type { StatusStrategy, Strategy, StrategyContext } from './strategy.ts';

/** The pure steps of a write, in the order that the registry takes them (upstream: apiserver/pkg/registry/rest create.go, update.go). */

/** rest.FillObjectMetaSystemFields and BeforeCreate. */
export function prepareCreate<T extends KubernetesObject>(
  { strategy }: ResourceDefinition<T>, input: T, { context, uid }: { readonly context: StrategyContext; readonly uid: string },
): T {
  const metadata: ObjectMeta = { ...input.metadata, uid, creationTimestamp: timestamp(context.now) };
  delete metadata.selfLink;
  // A dry run answers it as sent: only the store refuses it.
  if (!context.dryRun) delete metadata.resourceVersion;
  // Where upstream does not count generations, it keeps what it was given.
  if (strategy.generation ?? true) metadata.generation = 1;
  return strategy.prepareForCreate({ ...input, metadata }, context);
}

export function validateCreate<T extends KubernetesObject>(definition: ResourceDefinition<T>, object: T, context: StrategyContext, ofReferences: readonly FieldError[] = []): void {
  const { strategy, resource } = definition;
  const rules = definition.metadataRules?.(context) ?? {};
  const metadata = rules.own === false ? [] : ownMetadataErrors(definition, object, rules);
  const own = [...ofReferences, ...metadata, ...strategy.validate(object, context)];
  // What holds for all names is told where the resource itself finds nothing.
  const errors = own.length > 0 ? own : commonMetadataErrors(definition, object);
  if (errors.length > 0) throw newInvalid(resource, object.metadata.name, errors);
}

/** An update must say which version it saw, or be allowed not to. */
export function checkResourceVersion<T extends KubernetesObject>({ strategy, resource }: ResourceDefinition<T>, wanted: T, previous: T): void {
  const { resourceVersion, name } = wanted.metadata;
  checkIsNumber(resourceVersion);
  if (!resourceVersion || resourceVersion === '0') {
    if (strategy.allowUnconditionalUpdate) return;
    throw newInvalid({ group: resource.group, kind: resource.resource }, name, [fieldInvalid('metadata.resourceVersion', Number(resourceVersion ?? 0), 'must be specified for an update')]);
  }
  if (resourceVersion !== previous.metadata.resourceVersion) throw newConflict(resource, name, OPTIMISTIC_LOCK_MESSAGE);
}

export function checkIsNumber(resourceVersion: string | undefined): void {
  if (!resourceVersion || /^\d+$/.test(resourceVersion)) return;
  const message = `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`;
  throw new StatusError(failureStatus({ code: 500, reason: '', message }));
}

/** rest.BeforeUpdate: what an update can never change is put back, then the strategy keeps its own. */
export function prepareUpdate<T extends KubernetesObject>({ strategy }: ResourceDefinition<T>, wanted: T, previous: T, context: StrategyContext): T {
  const old = previous.metadata;
  const metadata: ObjectMeta = { ...wanted.metadata };
  metadata.resourceVersion = old.resourceVersion ?? '';
  if (!metadata.uid) metadata.uid = old.uid ?? '';
  if (old.creationTimestamp) metadata.creationTimestamp = old.creationTimestamp;
  if (old.deletionTimestamp) metadata.deletionTimestamp = old.deletionTimestamp;
  if (old.deletionGracePeriodSeconds !== undefined) metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  if (old.generation === undefined) delete metadata.generation;
  else metadata.generation = old.generation;
  const object = { ...wanted, metadata };
  const part = partStrategy(strategy, context);
  if (part && context.subresource === 'status') return part.prepareForUpdate(object, previous, context);
  if (!part && context.subresource !== undefined && context.subresource !== 'scale') return object;
  const next = (part ?? strategy).prepareForUpdate(object, previous, context);
  const counts = (strategy.generation ?? true) && next.metadata.generation === old.generation && !sameSpec(next, previous, strategy.generation === 'exactly');
  return counts ? { ...next, metadata: { ...next.metadata, generation: (old.generation ?? 0) + 1 } } : next;
}

export function validateUpdate<T extends KubernetesObject>(definition: ResourceDefinition<T>, next: T, previous: T, context: StrategyContext): void {
  const { strategy, resource } = definition;
  const rules = definition.metadataRules?.(context) ?? {};
  const part = partStrategy(strategy, context);
  // The API server's own writes of a part (binding) keep to the rules by construction.
  const isOwn = !part && context.subresource !== undefined && context.subresource !== 'scale';
  const own = isOwn ? [] : (part ?? strategy).validateUpdate(next, previous, context);
  // As often as upstream: once for all resources, then as a part of each one's own validation.
  const changed = validateObjectMetaUpdate(next.metadata, previous.metadata);
  const errors = [...commonMetadataErrors(definition, next), ...changed, ...updatedMetadataErrors(definition, next, { rules, changed, isWhole: context.subresource === undefined })];
  errors.push(...own);
  if (errors.length > 0) throw newInvalid(resource, next.metadata.name ?? '', errors);
}

/** What the resource's own validation says of the metadata of an update. */
function updatedMetadataErrors<T extends KubernetesObject>(
  definition: ResourceDefinition<T>, next: T, { rules, changed, isWhole }: { readonly rules: MetadataRules; readonly changed: readonly FieldError[]; readonly isWhole: boolean },
): readonly FieldError[] {
  const { own, plainFinalizers, onUpdate = 'changes' } = rules;
  if (own === false) return [];
  const changes = [...changed, ...(plainFinalizers ? [] : standardFinalizerErrors(next.metadata.finalizers ?? []))];
  const everything = isWhole && onUpdate !== 'changes' ? ownMetadataErrors(definition, next, rules) : [];
  switch (isWhole ? onUpdate : 'changes') {
    case 'changes':
      return changes;
    case 'everything':
      return everything;
    case 'everythingTwice':
      return [...everything, ...everything];
    case 'changesThenEverything':
      return [...changes, ...everything];
    case 'everythingThenChanges':
      return [...everything, ...changes];
  }
}

/** A generateName is the start of a name: it may be dots alone. */
function isPathSegment(name: string, prefix: boolean): readonly string[] {
  return isValidPathSegmentName(prefix ? `${name}x` : name);
}

/** What every object must keep, whatever its own rules (upstream: rest.validateCommonFields). */
function commonMetadataErrors<T extends KubernetesObject>({ strategy: { namespaced } }: ResourceDefinition<T>, { metadata }: T): FieldError[] {
  return validateObjectMeta(metadata, { namespaced, definition: { validateName: isPathSegment }, plainFinalizers: true });
}

function ownMetadataErrors<T extends KubernetesObject>(definition: ResourceDefinition<T>, { metadata }: T, { plainFinalizers = false }: MetadataRules): FieldError[] {
  return validateObjectMeta(metadata, { namespaced: definition.strategy.namespaced, definition, plainFinalizers });
}

/** The strategy of the part that this write is about; undefined for the whole object. */
function partStrategy<T extends KubernetesObject>(strategy: Strategy<T>, { subresource }: StrategyContext): StatusStrategy<T> | undefined {
  if (subresource === undefined) return undefined;
  return subresource === 'status' ? strategy.status : strategy.subresources?.[subresource];
}

/** Everything but metadata and status is the same. What is stored has no empty lists, so a given one is a change if they are told apart. */
function sameSpec(next: object, previous: object, tellsEmpty: boolean): boolean {
  const one = next as Record<string, unknown>;
  const other = previous as Record<string, unknown>;
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (key !== 'metadata' && key !== 'status' && (!equalButEmptyLists(one[key], other[key]) || (tellsEmpty && hasGivenEmpty(one[key])))) return false;
  }
  return !tellsEmpty || !wasGivenEmpty(next);
}
