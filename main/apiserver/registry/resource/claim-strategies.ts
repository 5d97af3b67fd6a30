import type * as resource from '../../../../kube/api/generated/resource/v1.ts';
import { buildStrategy, collect } from '../validation/build-strategy.ts';
import { FIELD_IMMUTABLE, type FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH } from '../validation/field-path.ts';
import { internalValue } from '../validation/internal-shape.ts';
import { isExtendedResource } from '../validation/resource-names.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { checkTemplateMetadata } from '../validation/template-metadata.ts';
import { checkClaimStatus, prepareClaimStatus } from './claim-status.ts';
import { checkClaimSpec, checkConfigurations, checkSelectors, setClaimDefaults } from './device-request-validation.ts';


export const resourceClaimStrategy = buildStrategy<resource.ResourceClaim>({
  namespaced: true,
  defaults: ({ spec }) => setClaimDefaults(spec),
  check: ({ spec }, errors) => checkClaimSpec(spec, SPEC_PATH, errors),
  checkUpdate(next, previous, errors) {
    if (!semanticEqual(next.spec, previous.spec)) errors.invalid(SPEC_PATH, internalValue('ResourceClaimSpec', next.spec), FIELD_IMMUTABLE);
  },
  recheckOnUpdate: false,
  status: { check: checkClaimStatus, prepare: prepareClaimStatus },
});

export const resourceClaimTemplateStrategy = buildStrategy<resource.ResourceClaimTemplate>({
  namespaced: true,
  defaults: ({ spec }) => setClaimDefaults(spec?.spec),
  check: checkTemplate,
  recheckOnUpdate: false,
  checkUpdate(next, previous, errors) {
    checkTemplate(next, errors);
    if (!semanticEqual(next.spec, previous.spec)) errors.invalid(SPEC_PATH, { ...next.spec?.metadata, Spec: internalValue('ResourceClaimSpec', next.spec?.spec ?? {}) }, FIELD_IMMUTABLE);
  },
});

function checkTemplate({ spec }: resource.ResourceClaimTemplate, errors: FieldErrors): void {
  checkTemplateMetadata(spec?.metadata, SPEC_PATH.child('metadata'), errors);
  checkClaimSpec(spec?.spec, SPEC_PATH.child('spec'), errors);
}

const ADMIN_ACCESS = 'resource.kubernetes.io/admin-access';

/** Devices that are in use can be looked at only from namespaces for administrators. Upstream names the path of a claim for templates, too. */
export async function adminAccessErrors(spec: resource.ResourceClaimSpec | undefined, labels: () => Promise<Readonly<Record<string, string>> | undefined>): Promise<FieldErrors['list']> {
  const index = spec?.devices?.requests?.findIndex(({ exactly }) => exactly?.adminAccess) ?? -1;
  if (index < 0 || (await labels())?.[ADMIN_ACCESS] === 'true') return [];
  const path = SPEC_PATH.child('devices').child('requests').index(index).child('adminAccess');
  return collect((errors) => errors.forbidden(path, `admin access to devices requires the \`${ADMIN_ACCESS}: true\` label on the containing namespace`));
}

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
