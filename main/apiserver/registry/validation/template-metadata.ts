import type { ObjectMeta } from '../../../../kube/apimachinery/object-meta.ts';
import type { FieldErrors } from './field-errors.ts';
import type { FieldPath } from './field-path.ts';
import { checkAnnotations, checkLabels } from './values.ts';

/** What a template of a claim can say of the claim's metadata is labels and annotations. In the order of Go's struct, with its names. */
const OTHERS = [
  ['name', 'name'], ['generateName', 'generateName'], ['namespace', 'namespace'], ['selfLink', 'selfLink'], ['uid', 'uID'], ['resourceVersion', 'resourceVersion'],
  ['generation', 'generation'], ['creationTimestamp', 'creationTimestamp'], ['deletionTimestamp', 'deletionTimestamp'],
  ['deletionGracePeriodSeconds', 'deletionGracePeriodSeconds'], ['ownerReferences', 'ownerReferences'], ['finalizers', 'finalizers'], ['managedFields', 'managedFields'],
] as const;

export function checkTemplateMetadata(metadata: Partial<ObjectMeta> | undefined, path: FieldPath, errors: FieldErrors): void {
  if (metadata === undefined) return;
  checkAnnotations(metadata.annotations, path.child('annotations'), errors);
  checkLabels(metadata.labels, path.child('labels'), errors);
  for (const [field, name] of OTHERS) {
    const value = metadata[field];
    if (value !== undefined && value !== null && value !== '' && value !== 0) errors.forbidden(path.child(name), 'cannot be set');
  }
}
