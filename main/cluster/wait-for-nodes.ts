import type { Clock } from '../../kube/apimachinery/clock.ts';
import { nodes } from '../../kube/api/generated/core/v1.ts';
import type { Client } from '../../kube/client/client.ts';

const pollMs = 100;

/** Resolves when every named node is Ready. */
export async function waitForReadyNodes({ client, names, signal, clock, step }: { client: Client; names: readonly string[]; signal: AbortSignal; clock: Clock; step: (text: string) => void }): Promise<void> {
  for (;;) {
    const { items } = await client.list(nodes, { signal });
    const ready = new Set(items.filter((node) => node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True')).map((node) => node.metadata.name));
    const missing = names.filter((name) => !ready.has(name));
    if (missing.length === 0) return;
    step(`waiting for ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}`);
    await clock.sleep(pollMs, signal);
  }
}
