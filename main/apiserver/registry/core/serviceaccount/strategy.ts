import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';

const ENFORCE_MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets';

/** A reference to a Secret is its name: nothing else of it is kept. */
function withNamesOfSecrets(account: core.ServiceAccount): core.ServiceAccount {
  if (account.secrets === undefined) return account;
  return { ...account, secrets: account.secrets.map(({ name }) => (name === undefined ? {} : { name })) };
}

/** Tokens are no longer listed by the API server itself; what a client writes into `secrets` is kept. */
export const serviceAccountStrategy = buildStrategy<core.ServiceAccount>({
  namespaced: true,
  prepareForCreate: withNamesOfSecrets,
  prepareForUpdate: withNamesOfSecrets,
  warnings(account, previous) {
    const set = account.metadata.annotations?.[ENFORCE_MOUNTABLE] !== undefined;
    if (!set || previous?.metadata.annotations?.[ENFORCE_MOUNTABLE] !== undefined) return [];
    const path = `metadata.annotations[${ENFORCE_MOUNTABLE}]`;
    return [`${path}: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`];
  },
});
