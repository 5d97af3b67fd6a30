import type * as apiregistration from '../../../../kube/api/generated/apiregistration/v1.ts';
import { isDns1035Label, isDns1123Subdomain, isValidPathSegmentName, isValidPortNumber } from '../../../../kube/apimachinery/name-validation.ts';
import { formatTime } from '../../../../kube/apimachinery/time.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { METADATA_PATH, SPEC_PATH, STATUS_PATH } from '../validation/field-path.ts';

const DEFAULT_PORT = 443;
const MAX_GROUP_PRIORITY = 20_000;
const MAX_VERSION_PRIORITY = 1000;
const CONDITION_STATUSES = ['True', 'False', 'Unknown'];

/** Upstream: kube-aggregator, pkg/registry/apiservice. The name says group and version, so only `check` can judge it. */
export const apiServiceStrategy = buildStrategy<apiregistration.APIService>({
  namespaced: false,
  allowUnconditionalUpdate: false,
  defaults({ spec }) {
    if (spec?.service !== undefined) spec.service.port ??= DEFAULT_PORT;
  },
  prepareForCreate(service, { now }) {
    if (service.spec.service !== undefined) return { ...service, status: {} };
    const message = 'Local APIServices are always available';
    return { ...service, status: { conditions: [{ type: 'Available', status: 'True', lastTransitionTime: formatTime(now), reason: 'Local', message }] } };
  },
  check,
  status: {
    check({ status }, _previous, errors) {
      for (const [index, condition] of (status?.conditions ?? []).entries()) {
        if (CONDITION_STATUSES.includes(condition.status)) continue;
        errors.notSupported(STATUS_PATH.child('conditions').index(index).child('status'), condition.status, CONDITION_STATUSES);
      }
    },
  },
});

function check({ metadata, spec }: apiregistration.APIService, errors: FieldErrors): void {
  const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = spec;
  const name = metadata.name ?? '';
  const required = `${version}.${group}`;
  for (const [field, given] of [['generateName', metadata.generateName ?? ''], ['name', name]] as const) {
    if (given === '' || given === required || isValidPathSegmentName(given).length > 0) continue;
    errors.invalid(METADATA_PATH.child(field), given, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(required)}`);
  }
  if (group === '' && version !== 'v1') errors.required(SPEC_PATH.child('group'), 'only v1 may have an empty group and it better be legacy kube');
  if (group !== '') errors.invalidEach(SPEC_PATH.child('group'), group, isDns1123Subdomain(group));
  errors.invalidEach(SPEC_PATH.child('version'), version, isDns1035Label(version));
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > MAX_GROUP_PRIORITY) {
    errors.invalid(SPEC_PATH.child('groupPriorityMinimum'), groupPriorityMinimum, `must be positive and less than ${MAX_GROUP_PRIORITY}`);
  }
  if (versionPriority <= 0 || versionPriority > MAX_VERSION_PRIORITY) {
    errors.invalid(SPEC_PATH.child('versionPriority'), versionPriority, `must be positive and less than ${MAX_VERSION_PRIORITY}`);
  }
  checkBackend(spec, errors);
}

function checkBackend({ service, caBundle = '', insecureSkipTLSVerify: insecure = false }: apiregistration.APIServiceSpec, errors: FieldErrors): void {
  const insecurePath = SPEC_PATH.child('insecureSkipTLSVerify');
  if (service === undefined) {
    if (caBundle !== '') {
      const size = Buffer.from(caBundle, 'base64').byteLength;
      errors.invalid(SPEC_PATH.child('caBundle'), `${size} bytes`, 'local APIServices may not have a caBundle');
    }
    if (insecure) errors.invalid(insecurePath, insecure, 'local APIServices may not have insecureSkipTLSVerify');
    return;
  }
  const path = SPEC_PATH.child('service');
  if (!service.namespace) errors.required(path.child('namespace'));
  if (!service.name) errors.required(path.child('name'));
  const problems = isValidPortNumber(service.port ?? 0);
  if (problems.length > 0) errors.invalid(path.child('port'), service.port ?? 0, `port is not valid: ${problems.join(', ')}`);
  if (insecure && caBundle !== '') errors.invalid(insecurePath, insecure, 'may not be true if caBundle is present');
}
