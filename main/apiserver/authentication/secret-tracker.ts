import type { Transport } from '../../../kube/client/transport.ts';
import type { SecretTracker } from './legacy-token.ts';

/** Labels Secrets through the API. `transport` is asked for at each use: authentication is there before the server is. */
export function secretTracker(transport: () => Transport | undefined): SecretTracker {
  return {
    async label({ namespace, name, uid }, labels) {
      await transport()?.fetch({
        method: 'PATCH', path: `/api/v1/namespaces/${namespace}/secrets/${name}`, headers: { 'content-type': 'application/merge-patch+json', 'user-agent': 'kube-apiserver' },
        body: JSON.stringify({ metadata: { uid, labels } }),
      });
    },
  };
}
