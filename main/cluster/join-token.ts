import { randomBytes } from 'node:crypto';
import { isAlreadyExists } from '../../kube/apimachinery/status.ts';
import type { Client } from '../../kube/client/client.ts';
import { secrets } from '../../kube/api/generated/core/v1.ts';

/** A machine that takes longer to boot than this asks again at its next start. */
const validForMs = 24 * 3_600_000;
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** A fresh bootstrap token (`id.secret`) with which one agent may ask for its client certificate. The token cleaner removes it when it expired. */
export async function createJoinToken(client: Client, nodeName: string, now: number): Promise<string> {
  for (;;) {
    const id = randomText(6);
    const secret = randomText(16);
    try {
      await client.create(secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
        type: 'bootstrap.kubernetes.io/token',
        stringData: {
          'token-id': id,
          'token-secret': secret,
          description: `joins node ${nodeName}`,
          expiration: new Date(now + validForMs).toISOString().replace(/\.\d+Z$/u, 'Z'),
          'usage-bootstrap-authentication': 'true',
        },
      });
      return `${id}.${secret}`;
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}

function randomText(length: number): string {
  // 252 is the largest multiple of 36 below 256: larger bytes would favour the first letters.
  const bytes = [...randomBytes(length * 4)].filter((byte) => byte < 252).slice(0, length);
  return bytes.map((byte) => alphabet[byte % alphabet.length]).join('');
}
