import { expect, test } from 'vitest';
import type { Node, Pod } from '../../kube/api/generated/core/v1.ts';
import { SeededRandom } from '../../kube/apimachinery/seeded-random.ts';
import { SchedulerCache } from './cache/scheduler-cache.ts';
import { feasibleNodesToFind, NodeFinder } from './find-node.ts';
import { CycleState } from './framework/cycle-state.ts';
import { fitErrorMessage } from './framework/fit-error.ts';
import { Framework } from './framework/framework.ts';
import type { SchedulerPlugin } from './framework/plugin.ts';
import { newPodInfo } from './framework/pod-info.ts';
import { interPodAffinity } from './plugins/inter-pod-affinity.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { nodePorts } from './plugins/node-ports.ts';
import { nodeResourcesBalancedAllocation } from './plugins/node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from './plugins/node-resources-fit.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable.ts';
import { podTopologySpread } from './plugins/pod-topology-spread.ts';
import { pickCandidate, selectVictims } from './plugins/preemption-candidates.ts';
import { taintToleration } from './plugins/taint-toleration.ts';
import { Nominator } from './queue/nominator.ts';
import { testNode, testPod } from './testing.ts';

function newCluster(nodes: readonly Node[], running: readonly Pod[] = []) {
  const cache = new SchedulerCache();
  for (const node of nodes) cache.addOrUpdateNode(node);
  for (const pod of running) cache.addOrUpdatePod(pod);
  const plugins: SchedulerPlugin[] = [
    nodeUnschedulable, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit,
    podTopologySpread({ nodes: () => cache.nodes(), defaultSelectors: () => [] }),
    interPodAffinity({ namespaceLabels: () => ({}), nodes: () => cache.nodes(), anyAffinity: () => cache.podsWithAffinity > 0, anyRequiredAntiAffinity: () => cache.podsWithRequiredAntiAffinity > 0 }),
    nodeResourcesBalancedAllocation,
  ];
  const framework = new Framework(plugins);
  const finder = new NodeFinder({ framework, cache, nominator: new Nominator(), random: new SeededRandom(1) });
  const find = (pod: Pod): string => {
    const result = finder.find(new CycleState(), newPodInfo(pod));
    if (result.outcome === 'found') return result.nodeName;
    if (result.outcome === 'error') return result.status.reasons.join();
    return fitErrorMessage({ ...result, preFilterMessage: result.preFilter?.reasons.join(', ') });
  };
  return { cache, framework, find };
}

const zone = (value: string): Record<string, string> => ({ zone: value });
const web = { app: 'web' };
const antiAffinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: { matchLabels: web } }] } };
const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: { matchLabels: web } }] } };

test.each([
  { name: 'the emptier node wins', nodes: [testNode('a'), testNode('b')], running: [testPod('r', { cpu: '2', nodeName: 'a' })], pod: testPod('p', { cpu: '1' }), expected: 'b' },
  { name: 'a cordoned node is passed over', nodes: [{ ...testNode('a'), spec: { unschedulable: true } }, testNode('b')], running: [], pod: testPod('p'), expected: 'b' },
  { name: 'a taint keeps pods away', nodes: [testNode('a', { taints: [{ key: 'k', effect: 'NoSchedule' }] })], running: [], pod: testPod('p'), expected: '0/1 nodes are available: 1 node(s) had untolerated taint(s).' },
  { name: 'a toleration lets them in', nodes: [testNode('a', { taints: [{ key: 'k', effect: 'NoSchedule' }] })], running: [], pod: testPod('p', { spec: { tolerations: [{ operator: 'Exists' }] } }), expected: 'a' },
  { name: 'a node selector', nodes: [testNode('a'), testNode('b', { labels: { disk: 'ssd' } })], running: [], pod: testPod('p', { spec: { nodeSelector: { disk: 'ssd' } } }), expected: 'b' },
  { name: 'reasons are counted per node', nodes: [testNode('a', { cpu: '1' }), testNode('b', { cpu: '1' }), testNode('c', { labels: zone('x') })], running: [], pod: testPod('p', { cpu: '2', spec: { nodeSelector: { zone: 'y' } } }), expected: "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector." },
  { name: 'too little of two resources', nodes: [testNode('a', { cpu: '1', memory: '1Gi' })], running: [], pod: testPod('p', { cpu: '2', memory: '2Gi' }), expected: '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.' },
  { name: 'a full node', nodes: [testNode('a', { pods: '1' })], running: [testPod('r', { nodeName: 'a' })], pod: testPod('p'), expected: '0/1 nodes are available: 1 Too many pods.' },
  { name: 'a taken host port', nodes: [testNode('a')], running: [testPod('r', { nodeName: 'a', spec: { containers: [{ name: 'm', image: 'm', ports: [{ containerPort: 80, hostPort: 80 }] }] } })], pod: testPod('p', { spec: { containers: [{ name: 'm', image: 'm', ports: [{ containerPort: 80, hostPort: 80 }] }] } }), expected: "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports." },
  { name: 'anti-affinity spreads over zones', nodes: [testNode('a', { labels: zone('x') }), testNode('b', { labels: zone('y') })], running: [testPod('r', { labels: web, nodeName: 'a' })], pod: testPod('p', { labels: web, spec: { affinity: antiAffinity } }), expected: 'b' },
  { name: 'anti-affinity of running pods counts, too', nodes: [testNode('a', { labels: zone('x') })], running: [testPod('r', { nodeName: 'a', spec: { affinity: antiAffinity } })], pod: testPod('p', { labels: web }), expected: "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules." },
  { name: 'affinity goes where its like is', nodes: [testNode('a', { labels: zone('x') }), testNode('b', { labels: zone('y') })], running: [testPod('r', { labels: web, nodeName: 'b' })], pod: testPod('p', { spec: { affinity } }), expected: 'b' },
  { name: 'affinity to nobody fails', nodes: [testNode('a', { labels: zone('x') })], running: [], pod: testPod('p', { spec: { affinity } }), expected: "0/1 nodes are available: 1 node(s) didn't match pod affinity rules." },
  { name: 'the first of a group may go anywhere', nodes: [testNode('a', { labels: zone('x') })], running: [], pod: testPod('p', { labels: web, spec: { affinity } }), expected: 'a' },
  {
    name: 'a hard spread constraint', nodes: [testNode('a', { labels: zone('x') }), testNode('b', { labels: zone('y'), cpu: '1' })], running: [testPod('r', { labels: web, nodeName: 'a' })],
    pod: testPod('p', { labels: web, spec: { topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: web } }] } }), expected: 'b',
  },
])('$name', ({ nodes, running, pod, expected }) => {
  expect(newCluster(nodes, running).find(pod)).toBe(expected);
});

test('large clusters are sampled', () => {
  expect([50, 100, 1000, 5000].map(feasibleNodesToFind)).toEqual([50, 100, 420, 500]);
});

test('an assumed pod takes room until it is forgotten', () => {
  const { cache, find } = newCluster([testNode('a', { cpu: '1' })]);
  cache.assume(newPodInfo(testPod('r', { cpu: '1' })), 'a');
  expect(find(testPod('p', { cpu: '1' }))).toBe('0/1 nodes are available: 1 Insufficient cpu.');
  cache.forget('r');
  expect(find(testPod('p', { cpu: '1' }))).toBe('a');
});

test('preemption takes the fewest and least important', () => {
  const running = [
    testPod('low-1', { cpu: '2', nodeName: 'a', priority: 1 }),
    testPod('low-2', { cpu: '2', nodeName: 'a', priority: 2 }),
    testPod('mid', { cpu: '4', nodeName: 'b', priority: 50 }),
  ];
  const { cache, framework } = newCluster([testNode('a'), testNode('b')], running);
  const info = newPodInfo(testPod('p', { cpu: '2', priority: 100 }));
  const candidates = cache.nodes().flatMap((node) => {
    const state = new CycleState();
    framework.preFilter(state, info, cache.nodes());
    return selectVictims(framework, { state, info, node, budgets: [] }) ?? [];
  });
  const chosen = pickCandidate(candidates);
  expect(chosen?.nodeName).toBe('a');
  expect(chosen?.victims.map(({ uid }) => uid)).toEqual(['low-1']);
});

test('choosing for a thousand nodes is fast', () => {
  const { cache, find } = newCluster(Array.from({ length: 1000 }, (_, i) => testNode(`n${i}`, { cpu: '32', memory: '256Gi' })));
  const startMs = performance.now();
  for (let i = 0; i < 500; i++) cache.assume(newPodInfo(testPod(`p${i}`, { cpu: '100m', memory: '64Mi' })), find(testPod(`q${i}`, { cpu: '100m', memory: '64Mi' })));
  const perPodMs = (performance.now() - startMs) / 500;
  console.log(`${perPodMs.toFixed(3)} ms per pod on 1000 nodes`);
  expect(perPodMs).toBeLessThan(5);
});
