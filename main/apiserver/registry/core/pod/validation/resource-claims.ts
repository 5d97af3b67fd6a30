import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import type { ObjectMeta } from '../../../../../../kube/apimachinery/object-meta.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import { ROOT_PATH, type FieldPath } from '../../../validation/field-path.ts';
import { internalValue } from '../../../validation/internal-shape.ts';
import { checkDnsLabel, checkObjectName, isEmpty } from '../../../validation/values.ts';
import { MIRROR_POD } from './annotations.ts';

/** Returns the names that containers may refer to. */
export function checkResourceClaims(
  claims: readonly core.PodResourceClaim[] | undefined,
  path: FieldPath,
  errors: FieldErrors,
  podMeta: ObjectMeta | undefined,
): ReadonlySet<string> {
  if (claims === undefined) return NO_CLAIMS;
  const names = new Set<string>();
  for (const [index, claim] of claims.entries()) {
    if (podMeta?.annotations?.[MIRROR_POD] !== undefined) errors.forbidden(ROOT_PATH, 'static pods do not support resource claims');
    else checkClaim(claim, path.index(index), errors, names);
  }
  return new Set(claims.map(({ name }) => name).filter((name) => !isEmpty(name)));
}
const NO_CLAIMS: ReadonlySet<string> = new Set();

function checkClaim(claim: core.PodResourceClaim, path: FieldPath, errors: FieldErrors, names: Set<string>): void {
  if (isEmpty(claim.name)) errors.required(path.child('name'));
  else if (names.has(claim.name)) errors.duplicate(path.child('name'), claim.name);
  else {
    checkDnsLabel(claim.name, path.child('name'), errors);
    names.add(claim.name);
  }
  const { resourceClaimName, resourceClaimTemplateName } = claim;
  if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
    const detail = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
    errors.invalid(path, internalValue('PodResourceClaim', claim), detail);
  }
  if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
    const detail = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
    errors.invalid(path, internalValue('PodResourceClaim', claim), detail);
  }
  if (resourceClaimName !== undefined) checkObjectName(resourceClaimName, path.child('resourceClaimName'), errors);
  if (resourceClaimTemplateName !== undefined) checkObjectName(resourceClaimTemplateName, path.child('resourceClaimTemplateName'), errors);
}
