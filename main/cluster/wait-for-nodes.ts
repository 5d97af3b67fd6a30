import type { Clock } from '../../kube/apimachinery/clock.ts';
import { leases } from '../../kube/api/generated/coordination/v1.ts';
import { nodes } from '../../kube/api/generated/core/v1.ts';
import type { Client } from '../../kube/client/client.ts';

const pollMs = 100;
/** A guest's clock may run a little behind ours. */
const clockSkewMs = 500;

/** Resolves when every named node is Ready by its kubelet's word of this run: a condition from before a crash does not count, so its lease must be newer than `sinceMs`. */
export async function waitForReadyNodes({ client, names, sinceMs, signal, clock, step }: { client: Client; names: readonly string[]; sinceMs: number; signal: AbortSignal; clock: Clock; step: (text: string) => void }): Promise<void> {
  for (;;) {
    const [{ items }, { items: renewed }] = await Promise.all([client.list(nodes, { signal }), client.list(leases, { namespace: 'kube-node-lease', signal })]);
    const alive = new Set(renewed.filter((lease) => Date.parse(lease.spec.renewTime ?? '') >= sinceMs - clockSkewMs).map((lease) => lease.metadata.name));
    const ready = new Set(items.filter((node) => alive.has(node.metadata.name) && node.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True')).map((node) => node.metadata.name));
    const missing = names.filter((name) => !ready.has(name));
    if (missing.length === 0) return;
    step(`waiting for ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}`);
    await clock.sleep(pollMs, signal);
  }
}
