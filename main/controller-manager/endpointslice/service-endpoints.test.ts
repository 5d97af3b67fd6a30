import { expect, test } from 'vitest';
import type { Node, Pod, Service } from '../../../kube/api/generated/core/v1.ts';
import { groupEndpoints } from './service-endpoints.ts';

const node = (name: string): Node | undefined => ({ metadata: { name, labels: name === 'n1' ? { 'topology.kubernetes.io/zone': 'a' } : {} } }) as unknown as Node;
const pod = (nodeName: string, ready: boolean): Pod =>
  ({
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'd' }, spec: { nodeName, containers: [] },
    status: { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }) as unknown as Pod;

function hintsFor(trafficDistribution: string | undefined, nodeName: string, ready = true): unknown {
  const service = { metadata: { name: 's', namespace: 'd' }, spec: { ports: [{ port: 80 }], trafficDistribution } } as unknown as Service;
  return groupEndpoints(service, { pods: [pod(nodeName, ready)], addressType: 'IPv4', node })[0]?.endpoints[0]?.hints;
}

test.each([
  ['nothing is asked for', hintsFor(undefined, 'n1'), undefined],
  ['the zone is preferred', hintsFor('PreferClose', 'n1'), { forZones: [{ name: 'a' }] }],
  ['the zone is preferred, by its new name', hintsFor('PreferSameZone', 'n1'), { forZones: [{ name: 'a' }] }],
  ['the node is preferred', hintsFor('PreferSameNode', 'n1'), { forZones: [{ name: 'a' }], forNodes: [{ name: 'n1' }] }],
  ['the node has no zone', hintsFor('PreferSameZone', 'n2'), undefined],
  ['the node without a zone is preferred', hintsFor('PreferSameNode', 'n2'), { forNodes: [{ name: 'n2' }] }],
  ['the endpoint is not ready', hintsFor('PreferSameNode', 'n1', false), undefined],
])('an endpoint is hinted at as upstream does when %s', (_when, hints, wanted) => {
  expect(hints).toEqual(wanted);
});
