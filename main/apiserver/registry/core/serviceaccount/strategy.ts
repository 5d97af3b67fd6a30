import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';

const ENFORCE_MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets';

/** Tokens are no longer listed by the API server itself; what a client writes into `secrets` is kept. */
export const serviceAccountStrategy = buildStrategy<core.ServiceAccount>({
  namespaced: true,
  warnings(account, previous) {
    const set = account.metadata.annotations?.[ENFORCE_MOUNTABLE] !== undefined;
    if (!set || previous?.metadata.annotations?.[ENFORCE_MOUNTABLE] !== undefined) return [];
    const path = `metadata.annotations[${ENFORCE_MOUNTABLE}]`;
    return [`${path}: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`];
  },
});
