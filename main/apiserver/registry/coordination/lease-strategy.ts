import type * as coordination from '../../../../kube/api/generated/coordination/v1.ts';
import { isQualifiedName } from '../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { SPEC_PATH } from '../validation/field-path.ts';
import { MUST_BE_NON_NEGATIVE } from '../validation/field-errors.ts';

const STRATEGIES = ['OldestEmulationVersion'];

export const leaseStrategy = buildStrategy<coordination.Lease>({
  namespaced: true,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  prepareForCreate: withoutCoordination,
  prepareForUpdate: withoutCoordination,
  check({ spec }, errors) {
    const { leaseDurationSeconds, leaseTransitions, strategy } = spec ?? {};
    if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
      errors.invalid(SPEC_PATH.child('leaseDurationSeconds'), leaseDurationSeconds, 'must be greater than 0');
    }
    if (leaseTransitions !== undefined && leaseTransitions < 0) errors.invalid(SPEC_PATH.child('leaseTransitions'), leaseTransitions, MUST_BE_NON_NEGATIVE);
    if (strategy !== undefined) {
      const path = SPEC_PATH.child('strategy').child('strategy');
      if (strategy.includes('/')) errors.invalidEach(path, strategy, isQualifiedName(strategy));
      else if (!STRATEGIES.includes(strategy)) errors.notSupported(path, strategy, STRATEGIES);
    }
  },
});

/** Coordinated leader election (KEP-4355) is behind a gate that is off by default: its fields are dropped. */
function withoutCoordination(lease: coordination.Lease): coordination.Lease {
  if (lease.spec?.strategy === undefined && lease.spec?.preferredHolder === undefined) return lease;
  const { strategy: _strategy, preferredHolder: _holder, ...spec } = lease.spec;
  return { ...lease, spec };
}
