import { fieldForbidden, fieldInvalid, fieldRequired, type FieldError } from '../../../../kube/apimachinery/field-error.ts';
import { goQuote } from '../../../../kube/apimachinery/go-format.ts';
import { deepEqual } from '../../../../kube/apimachinery/json.ts';
import { validateAnnotations, validateLabels } from '../../../../kube/apimachinery/label-validation.ts';
import { isDns1123Label, isDns1123Subdomain, isQualifiedName, maskTrailingDash } from '../../../../kube/apimachinery/name-validation.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../../../../kube/apimachinery/object-meta.ts';

/** Upstream: apimachinery/pkg/api/validation/objectmeta.go (1.36). */
export type NameValidator = (name: string, prefix: boolean) => readonly string[];

/** Finalizers without a domain that upstream lets pass. */
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);
const MAX_FIELD_MANAGER_LENGTH = 128;
const MAX_SUBRESOURCE_LENGTH = 256;

export const nameIsDnsSubdomain: NameValidator = (name, prefix) => isDns1123Subdomain(prefix ? maskTrailingDash(name) : name);
export const nameIsDnsLabel: NameValidator = (name, prefix) => isDns1123Label(prefix ? maskTrailingDash(name) : name);

export function validateObjectMeta(
  meta: ObjectMeta,
  { namespaced, definition, plainFinalizers = false }: { readonly namespaced: boolean; readonly definition: { validateName?: NameValidator }; readonly plainFinalizers?: boolean },
): FieldError[] {
  const errors: FieldError[] = [];
  const validateName: NameValidator = (name, prefix) => (definition.validateName ? definition.validateName(name, prefix) : nameIsDnsSubdomain(name, prefix));
  if (meta.generateName) {
    for (const message of validateName(meta.generateName, true)) errors.push(fieldInvalid('metadata.generateName', meta.generateName, message));
  }
  if (!meta.name) errors.push(fieldRequired('metadata.name', 'name or generateName is required'));
  else for (const message of validateName(meta.name, false)) errors.push(fieldInvalid('metadata.name', meta.name, message));
  if (!namespaced) {
    if (meta.namespace) errors.push(fieldForbidden('metadata.namespace', 'not allowed on this type'));
  } else if (!meta.namespace) errors.push(fieldRequired('metadata.namespace'));
  else for (const message of isDns1123Label(meta.namespace)) errors.push(fieldInvalid('metadata.namespace', meta.namespace, message));
  if ((meta.generation ?? 0) < 0) errors.push(fieldInvalid('metadata.generation', meta.generation, 'must be greater than or equal to 0'));
  errors.push(...validateMaps(meta));
  errors.push(...validateFinalizers(meta.finalizers ?? [], plainFinalizers));
  return errors;
}

export function validateObjectMetaUpdate(next: ObjectMeta, previous: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  if (previous.deletionTimestamp) {
    const added = (next.finalizers ?? []).filter((name) => !previous.finalizers?.includes(name));
    if (added.length > 0) {
      const list = `[]string{${added.map(goQuote).join(', ')}}`;
      errors.push(fieldForbidden('metadata.finalizers', `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`));
    }
  }
  if (!next.resourceVersion) errors.push(fieldInvalid('metadata.resourceVersion', next.resourceVersion ?? '', 'must be specified for an update'));
  if ((next.generation ?? 0) < (previous.generation ?? 0)) errors.push(fieldInvalid('metadata.generation', next.generation, 'must not be decremented'));
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (!deepEqual(next[field], previous[field])) {
      errors.push(fieldInvalid(`metadata.${field}`, next[field] ?? (field.startsWith('deletion') ? null : ''), 'field is immutable'));
    }
  }
  errors.push(...validateMaps(next));
  return errors;
}

function validateMaps(meta: ObjectMeta): FieldError[] {
  return [
    ...(meta.labels ? validateLabels(meta.labels, 'metadata.labels') : []),
    ...(meta.annotations ? validateAnnotations(meta.annotations, 'metadata.annotations') : []),
    ...(meta.ownerReferences ? validateOwnerReferences(meta.ownerReferences) : []),
    ...(meta.managedFields ? validateManagedFields(meta.managedFields) : []),
  ];
}

function validateOwnerReferences(references: readonly OwnerReference[]): FieldError[] {
  const path = 'metadata.ownerReferences';
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const reference of references) {
    const parts = (reference.apiVersion ?? '').split('/');
    if (parts.length > 2 || parts.at(-1) === '') errors.push(fieldInvalid(`${path}.apiVersion`, reference.apiVersion ?? '', 'version must not be empty'));
    if (!reference.kind) errors.push(fieldInvalid(`${path}.kind`, '', 'must not be empty'));
    if (!reference.name) errors.push(fieldInvalid(`${path}.name`, '', 'must not be empty'));
    if (!reference.uid) errors.push(fieldInvalid(`${path}.uid`, '', 'must not be empty'));
    if (reference.apiVersion === 'v1' && reference.kind === 'Event') {
      errors.push(fieldInvalid(path, reference, '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (!reference.controller) continue;
    const name = `${reference.kind}/${reference.name}`;
    if (controller === undefined) controller = name;
    else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
      errors.push(fieldInvalid(path, references, detail));
    }
  }
  return errors;
}

export function validateFinalizers(finalizers: readonly string[], plain = false): FieldError[] {
  const path = 'metadata.finalizers';
  const errors = finalizers.flatMap((name) => isQualifiedName(name).map((message) => fieldInvalid(path, name, message)));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(fieldInvalid(path, finalizers, 'finalizers cannot have both orphan and foregroundDeletion'));
  }
  return plain ? errors : [...errors, ...standardFinalizerErrors(finalizers)];
}

/** Most kinds ask of finalizers that they have a domain, beside those that Kubernetes itself knows. */
export function standardFinalizerErrors(finalizers: readonly string[]): FieldError[] {
  return finalizers.flatMap((name, index) => {
    if (name.includes('/') || STANDARD_FINALIZERS.has(name)) return [];
    return [fieldInvalid(`metadata.finalizers[${index}]`, name, 'name is neither a standard finalizer name nor is it fully qualified')];
  });
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[]): FieldError[] {
  return entries.flatMap((entry, index) => {
    const path = `metadata.managedFields[${index}]`;
    const errors: FieldError[] = [];
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(fieldInvalid(`${path}.operation`, entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if (entry.fieldsType !== undefined && entry.fieldsType !== 'FieldsV1') {
      errors.push(fieldInvalid(`${path}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'));
    }
    errors.push(...validateFieldManager(entry.manager ?? '', `${path}.manager`));
    const { subresource = '' } = entry;
    if (subresource.length > MAX_SUBRESOURCE_LENGTH) errors.push({ type: 'FieldValueTooLong', field: `${path}.subresource`, badValue: subresource, detail: `may not be more than ${MAX_SUBRESOURCE_LENGTH} bytes` });
    return errors;
  });
}

/** Go's unicode.IsPrint. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;

export function validateFieldManager(manager: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (manager.length > MAX_FIELD_MANAGER_LENGTH) {
    errors.push({ type: 'FieldValueTooLong', field: path, badValue: manager, detail: `may not be more than ${MAX_FIELD_MANAGER_LENGTH} bytes` });
  }
  if (printable.test(manager)) return errors;
  [...manager].forEach((char, index) => {
    if (!printable.test(char)) {
      errors.push(fieldInvalid(path, manager, `invalid character U+${char.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')} (at position ${index})`));
    }
  });
  return errors;
}
