import { expect, it } from 'vitest';
import { leases, type Lease } from '../../../kube/api/generated/coordination/v1.ts';
import type { ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import { SeededRandom } from '../../../kube/apimachinery/seeded-random.ts';
import { newServiceUnavailable } from '../../../kube/apimachinery/status-errors.ts';
import { formatMicroTime } from '../../../kube/apimachinery/time.ts';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import { FakeClient } from '../../../kube/client/fake-client.ts';
import { apiServerIdentity, IdentityLease } from './identity-lease.ts';

const LABEL = 'apiserver.kubernetes.io/identity';

function setUp(): { clock: VirtualClock; client: FakeClient; errors: unknown[]; start: () => IdentityLease; stored: () => Promise<readonly Lease[]> } {
  const clock = new VirtualClock();
  const client = new FakeClient({ clock });
  const errors: unknown[] = [];
  return {
    clock, client, errors,
    start: () => new IdentityLease({ client, clock, random: new SeededRandom(1), hostname: 'vm', peerAddress: '10.0.2.2:6443', reportError: (error) => errors.push(error) }),
    stored: async () => (await client.list(leases, { namespace: 'kube-system' })).items,
  };
}

const leaseOf = (name: string, renewedMs: number | undefined, labels: Record<string, string> = { [LABEL]: 'kube-apiserver' }): Lease => ({
  apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-system', labels } as ObjectMeta,
  spec: { leaseDurationSeconds: 3600, ...(renewedMs === undefined ? {} : { renewTime: formatMicroTime(renewedMs) }) },
});

it('names a server by its host, as upstream does', () => {
  expect(apiServerIdentity('vm')).toBe('apiserver-wlv32tlttr4jl3gtroqexyxapa');
});

it('holds a Lease that says who the server is and where its peers reach it', async () => {
  const { clock, start, stored } = setUp();
  await using _lease = start();
  await clock.advance(0);
  const [lease] = await stored();
  expect(lease).toMatchObject({
    metadata: {
      name: 'apiserver-wlv32tlttr4jl3gtroqexyxapa',
      labels: { [LABEL]: 'kube-apiserver', 'kubernetes.io/hostname': 'vm' }, annotations: { 'kubernetes.io/peer-advertise-address': '10.0.2.2:6443' },
    },
    spec: { holderIdentity: expect.stringMatching(/^apiserver-wlv32tlttr4jl3gtroqexyxapa_[0-9a-f-]{36}$/), leaseDurationSeconds: 3600, renewTime: '2026-01-01T00:00:00.000000Z' },
  });
});

it('renews it about every ten seconds with one request', async () => {
  const { clock, client, start, stored } = setUp();
  await using _lease = start();
  await clock.advance(5_000);
  client.calls.length = 0;
  await clock.advance(10_000);
  expect(client.calls.map((call) => call.verb)).toEqual(['update']);
  expect((await stored())[0]?.spec?.renewTime).toMatch(/^2026-01-01T00:00:10\.[0-3]/);
});

it('takes over from an earlier run of the same host, and goes with the server', async () => {
  const { clock, client, start, stored } = setUp();
  await client.create(leases, { ...leaseOf(apiServerIdentity('vm'), clock.now()), spec: { holderIdentity: 'before' } });
  const lease = start();
  await clock.advance(0);
  expect((await stored()).map((one) => one.spec?.holderIdentity)).not.toContain('before');
  await lease[Symbol.asyncDispose]();
  expect(await stored()).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

it('comes back after somebody deleted or changed it', async () => {
  const { clock, client, start, stored } = setUp();
  await using _lease = start();
  await clock.advance(0);
  await client.delete(leases, { namespace: 'kube-system', name: apiServerIdentity('vm') });
  await clock.advance(11_000);
  const [again] = await stored();
  expect(again?.metadata.labels).toHaveProperty([LABEL], 'kube-apiserver');
  await client.update(leases, { ...again!, metadata: { ...again!.metadata, labels: { other: 'label' } } });
  await clock.advance(11_000);
  expect((await stored())[0]?.metadata.labels).toEqual({ other: 'label', [LABEL]: 'kube-apiserver', 'kubernetes.io/hostname': 'vm' });
});

it('tries again when the server could not write', async () => {
  const { clock, client, errors, start, stored } = setUp();
  client.intercept(() => { throw newServiceUnavailable('the disk is full'); });
  await using _lease = start();
  await clock.advance(1_000);
  expect(errors).not.toEqual([]);
  client.intercept(undefined);
  await clock.advance(11_000);
  expect(await stored()).toHaveLength(1);
});

it('removes the Leases of servers that are gone, every hour', async () => {
  const { clock, client, start, stored } = setUp();
  const hourMs = 3_600_000;
  await client.create(leases, leaseOf('gone', clock.now() - hourMs - 1));
  await client.create(leases, leaseOf('invalid', undefined));
  await client.create(leases, leaseOf('going', clock.now() - 1_000));
  await client.create(leases, leaseOf('not-a-server', clock.now() - 2 * hourMs, {}));
  await using _lease = start();
  await clock.advance(0);
  const names = async (): Promise<string[]> => (await stored()).map((lease) => lease.metadata.name).sort();
  expect(await names()).toEqual([apiServerIdentity('vm'), 'going', 'not-a-server']);
  await clock.advance(hourMs + 1_000);
  expect(await names()).toEqual([apiServerIdentity('vm'), 'not-a-server']);
});
