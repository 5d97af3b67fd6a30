import { expect, test } from 'vitest';
import type { Endpoints } from '../../../kube/api/generated/core/v1.ts';
import { planMirroredSlices } from './plan-mirrored-slices.ts';

function endpoints(subsets: Endpoints['subsets'], metadata: Partial<Endpoints['metadata']> = {}): Endpoints {
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'web', namespace: 'n', uid: 'u', ...metadata }, subsets };
}

test('each family behind each set of ports gets a slice, owned by the Endpoints', () => {
  const plan = planMirroredSlices(
    endpoints([
      { addresses: [{ ip: '10.1.2.3', nodeName: 'node' }, { ip: 'fd00::1' }], notReadyAddresses: [{ ip: '10.1.2.4' }], ports: [{ port: 80 }] },
      { addresses: [{ ip: '10.1.2.3' }], ports: [{ name: 'tls', port: 443 }] },
    ]),
    [],
  );
  expect(plan.create.map(({ addressType, ports, endpoints: its }) => [addressType, ports?.[0]?.port, its?.map(({ addresses, conditions }) => [addresses[0], conditions?.ready])])).toEqual([
    ['IPv4', 80, [['10.1.2.3', true], ['10.1.2.4', false]]],
    ['IPv6', 80, [['fd00::1', true]]],
    ['IPv4', 443, [['10.1.2.3', true]]],
  ]);
  expect(plan.create[0]?.metadata).toMatchObject({
    generateName: 'web-', labels: { 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' }, ownerReferences: [{ kind: 'Endpoints', uid: 'u', controller: true }],
  });
});

test('a mirrored slice is left alone, follows changes, and goes with its ports', () => {
  const before = endpoints([{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }], { labels: { a: 'b' }, annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', c: 'd' } });
  const slices = planMirroredSlices(before, []).create.map((slice) => ({ ...slice, metadata: { ...slice.metadata, name: 'web-x' } }));
  expect(slices[0]?.metadata).toMatchObject({ labels: { a: 'b' }, annotations: { c: 'd' } });
  expect(planMirroredSlices(before, slices)).toEqual({ create: [], update: [], delete: [], skipped: 0 });
  const moved = planMirroredSlices(endpoints([{ addresses: [{ ip: '10.2.3.4' }], ports: [{ port: 80 }] }]), slices);
  expect(moved.update.map(({ metadata, endpoints: its }) => [metadata.name, its?.[0]?.addresses])).toEqual([['web-x', ['10.2.3.4']]]);
  const other = planMirroredSlices(endpoints([{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 81 }] }]), slices);
  expect([other.create.length, other.delete]).toEqual([1, slices]);
});

test('addresses beyond a thousand are skipped and counted', () => {
  const addresses = Array.from({ length: 1002 }, (_, i) => ({ ip: `10.0.${Math.floor(i / 256)}.${i % 256}` }));
  const plan = planMirroredSlices(endpoints([{ addresses, ports: [{ port: 80 }] }]), []);
  expect([plan.create[0]?.endpoints?.length, plan.skipped]).toEqual([1000, 2]);
});
