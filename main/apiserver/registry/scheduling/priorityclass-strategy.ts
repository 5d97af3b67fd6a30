import type * as scheduling from '../../../../kube/api/generated/scheduling/v1.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { METADATA_PATH, ROOT_PATH } from '../validation/field-path.ts';
import { checkImmutable } from '../validation/values.ts';

type PriorityClass = scheduling.PriorityClass;
const HIGHEST_USER_PRIORITY = 1_000_000_000;
const SYSTEM_PREFIX = 'system-';
const SYSTEM_VALUES: Readonly<Record<string, number>> = { 'system-node-critical': 2_000_001_000, 'system-cluster-critical': 2_000_000_000 };
const POLICIES = ['PreemptLowerPriority', 'Never'];

export const priorityClassStrategy = buildStrategy<PriorityClass>({
  namespaced: false,
  // Stays at 1.
  prepareForCreate: (priorityClass) => ({ ...priorityClass, metadata: { ...priorityClass.metadata, generation: 1 } }),
  defaults(priorityClass) {
    priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  check,
  checkUpdate(next, previous, errors) {
    if (next.value !== previous.value) errors.forbidden(ROOT_PATH.child('value'), 'may not be changed in an update.');
    checkImmutable(next.preemptionPolicy, previous.preemptionPolicy, ROOT_PATH.child('preemptionPolicy'), errors);
  },
  recheckOnUpdate: false,
});

export function refusesPriorityClassDelete(name: string): string | undefined {
  return Object.hasOwn(SYSTEM_VALUES, name) ? 'this is a system priority class and cannot be deleted' : undefined;
}

function check({ metadata, value = 0, globalDefault, preemptionPolicy }: PriorityClass, errors: FieldErrors): void {
  if (metadata.name.startsWith(SYSTEM_PREFIX)) {
    const problem = systemProblem(metadata.name, value, globalDefault ?? false);
    if (problem !== undefined) {
      const text = "priority class names with 'system-' prefix are reserved for system use only. error:";
      errors.forbidden(METADATA_PATH.child('name'), `${text} ${problem}`);
    }
  } else if (value > HIGHEST_USER_PRIORITY) {
    errors.forbidden(ROOT_PATH.child('value'), `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`);
  }
  const path = ROOT_PATH.child('preemptionPolicy');
  if (preemptionPolicy === '') errors.required(path);
  else if (preemptionPolicy !== undefined && !POLICIES.includes(preemptionPolicy)) errors.notSupported(path, preemptionPolicy, POLICIES);
}

function systemProblem(name: string, value: number, globalDefault: boolean): string | undefined {
  const expected = SYSTEM_VALUES[name];
  if (expected === undefined) return `${name} is not a known system priority class`;
  if (value !== expected) return `value of ${name} PriorityClass must be ${expected}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
