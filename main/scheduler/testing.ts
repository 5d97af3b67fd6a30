import type { Node, Pod } from '../../kube/api/generated/core/v1.ts';

/** Small builders for the tests of scheduler and plugins. */
export function testNode(name: string, options: { readonly cpu?: string; readonly memory?: string; readonly pods?: string; readonly labels?: Record<string, string>; readonly taints?: NonNullable<Node['spec']>['taints'] } = {}): Node {
  const { cpu = '4', memory = '8Gi', pods = '110', labels = {}, taints } = options;
  return {
    apiVersion: 'v1', kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: { ...(taints && { taints }) },
    status: { allocatable: { cpu, memory, pods } },
  };
}

export function testPod(name: string, options: { readonly cpu?: string; readonly memory?: string; readonly labels?: Record<string, string>; readonly nodeName?: string; readonly priority?: number; readonly spec?: Partial<Pod['spec']> } = {}): Pod {
  const { cpu, memory, labels, nodeName, priority } = options;
  const requests = { ...(cpu && { cpu }), ...(memory && { memory }) };
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, generation: 1, ...(labels && { labels }) },
    spec: { containers: [{ name: 'main', image: 'main', resources: { requests } }], ...(nodeName && { nodeName }), ...(priority !== undefined && { priority }), ...options.spec },
  };
}
