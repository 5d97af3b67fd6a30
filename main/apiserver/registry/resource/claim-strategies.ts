import type * as resource from '../../../../kube/api/generated/resource/v1.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { withSpecAndMetaOf } from '../validation/parts.ts';
import { FIELD_IMMUTABLE, type FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH } from '../validation/field-path.ts';
import { internalValue } from '../validation/internal-shape.ts';
import { isExtendedResource } from '../validation/resource-names.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkAnnotations, checkLabels } from '../validation/values.ts';
import { checkClaimSpec, checkConfigurations, checkSelectors, checkSet, setClaimDefaults } from './device-request-validation.ts';

const MAX_CONSUMERS = 256;
const RESERVED_FOR = STATUS_PATH.child('reservedFor');

export const resourceClaimStrategy = buildStrategy<resource.ResourceClaim>({
  namespaced: true,
  defaults: ({ spec }) => setClaimDefaults(spec),
  check: ({ spec }, errors) => checkClaimSpec(spec, SPEC_PATH, errors),
  checkUpdate(next, previous, errors) {
    if (!semanticEqual(next.spec, previous.spec)) errors.invalid(SPEC_PATH, internalValue('ResourceClaimSpec', next.spec), FIELD_IMMUTABLE);
  },
  status: { prepare: withSpecAndMetaOf, check: checkStatus },
});

function checkStatus({ status }: resource.ResourceClaim, { status: previous }: resource.ResourceClaim, errors: FieldErrors): void {
  const { allocation, reservedFor } = status ?? {};
  checkSet(reservedFor, {
    path: RESERVED_FOR, errors, maximum: MAX_CONSUMERS, key: ({ uid }) => uid,
    check(consumer, at) {
      for (const field of ['resource', 'name', 'uid'] as const) if (!consumer[field]) errors.required(at.child(field));
    },
  });
  if (allocation === undefined && (reservedFor ?? []).length > 0) errors.forbidden(RESERVED_FOR, 'may not be specified when `allocated` is not set');
  if (allocation !== undefined && previous?.allocation !== undefined && !semanticEqual(allocation, previous.allocation)) {
    errors.invalid(STATUS_PATH.child('allocation'), allocation, FIELD_IMMUTABLE);
  }
}

export const resourceClaimTemplateStrategy = buildStrategy<resource.ResourceClaimTemplate>({
  namespaced: true,
  defaults: ({ spec }) => setClaimDefaults(spec?.spec),
  check({ spec }, errors) {
    const metadata = SPEC_PATH.child('metadata');
    checkLabels(spec?.metadata?.labels, metadata.child('labels'), errors);
    checkAnnotations(spec?.metadata?.annotations, metadata.child('annotations'), errors);
    checkClaimSpec(spec?.spec, SPEC_PATH.child('spec'), errors);
  },
  checkUpdate(next, previous, errors) {
    if (!semanticEqual(next.spec, previous.spec)) errors.invalid(SPEC_PATH, internalValue('ResourceClaimTemplateSpec', next.spec), FIELD_IMMUTABLE);
  },
});

export const deviceClassStrategy = buildStrategy<resource.DeviceClass>({
  namespaced: false,
  generation: true,
  check({ spec }, errors) {
    checkSelectors(spec?.selectors, SPEC_PATH.child('selectors'), errors);
    checkConfigurations(spec?.config, SPEC_PATH.child('config'), errors);
    const name = spec?.extendedResourceName;
    if (name !== undefined && !isExtendedResource(name)) errors.invalid(SPEC_PATH.child('extendedResourceName'), name, 'must be a valid extended resource name');
  },
});
