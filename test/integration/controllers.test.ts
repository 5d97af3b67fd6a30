import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterUnderTest, until } from '../cluster-under-test.ts';
import { daemonSet, deployment, job, pod } from '../fixtures/manifests.ts';

let cluster: ClusterUnderTest;
beforeAll(async () => {
  cluster = await ClusterUnderTest.start('--workers', '3', '--driver', 'simulated');
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const names = async (command: string): Promise<readonly string[]> => (await cluster.kubectl(`${command} -o name`)).trim().split('\n').filter((name) => name !== '');
const field = (object: string, path: string): Promise<string> => cluster.kubectl(`get ${object} -o jsonpath=${path}`);
const eventOf = (kind: string, name: string, reason: string): Promise<string> => until(`${kind} ${name} has an event ${reason}`, async () => (await cluster.kubectl(`get events --field-selector involvedObject.kind=${kind},involvedObject.name=${name},reason=${reason} -o jsonpath={.items[*].message}`)) || undefined);

describe('workloads', () => {
  test('a Deployment rolls out, scales, rolls over and back', async () => {
    await cluster.kubectl('create deployment web --image=nginx --replicas=4');
    expect(await cluster.kubectl('rollout status deployment/web --timeout=30s')).toContain('deployment "web" successfully rolled out');
    const [, line] = (await cluster.kubectl('get deployment web')).split('\n');
    expect(line?.split(/\s+/u).slice(0, 4)).toEqual(['web', '4/4', '4', '4']);
    await cluster.kubectl('set image deployment/web nginx=nginx:2');
    await cluster.kubectl('rollout status deployment/web --timeout=30s');
    // A rollout is over when the new pods are there; the old ones may still be stopping.
    const images = () => field('pods -l app=web --field-selector status.phase=Running', '{.items[*].spec.containers[0].image}');
    await until('only new pods are left', async () => (await images()) === 'nginx:2 nginx:2 nginx:2 nginx:2');
    expect(await cluster.kubectl('rollout history deployment/web')).toMatch(/^1 .*\n2 /mu);
    await cluster.kubectl('rollout undo deployment/web');
    await cluster.kubectl('rollout status deployment/web --timeout=30s');
    expect(await field('deployment web', '{.spec.template.spec.containers[0].image}')).toBe('nginx');
    await cluster.kubectl('scale deployment/web --replicas=2');
    await until('two pods are left', async () => (await names('get pods -l app=web')).length === 2);
    await cluster.kubectl('rollout restart deployment/web');
    await cluster.kubectl('rollout status deployment/web --timeout=30s');
    expect(await cluster.kubectl('describe deployment web')).toContain('ScalingReplicaSet');
  });

  test('a deleted pod is replaced', async () => {
    await cluster.apply(deployment('replaced'));
    await cluster.kubectl('rollout status deployment/replaced --timeout=30s');
    const [before] = await names('get pods -l app=replaced');
    await cluster.kubectl(`delete ${before ?? ''} --timeout=30s`);
    await cluster.kubectl('wait pod -l app=replaced --for=condition=Ready --timeout=30s');
    expect(await names('get pods -l app=replaced')).not.toContain(before);
  });

  test('a DaemonSet has a pod on every node', async () => {
    await cluster.apply(daemonSet('agent'));
    await cluster.kubectl('rollout status daemonset/agent --timeout=30s');
    const where = (await field('pods -l app=agent', '{.items[*].spec.nodeName}')).split(' ');
    expect(where.toSorted()).toEqual(['sim-1', 'sim-2', 'sim-3']);
    await cluster.kubectl('delete daemonset agent');
    await until('its pods are gone', async () => (await names('get pods -l app=agent')).length === 0);
  });

  test('a Job runs to completion, a failing one backs off', async () => {
    await cluster.apply(job('sum', { annotations: { 'simulated.coracle.dev/run-seconds': '1' }, jobSpec: { completions: 3, parallelism: 2 } }));
    await cluster.kubectl('wait job/sum --for=condition=Complete --timeout=40s');
    expect(await field('job sum', '{.status.succeeded}')).toBe('3');
    await cluster.apply(job('fails', { annotations: { 'simulated.coracle.dev/run-seconds': '0', 'simulated.coracle.dev/exit-code': '1' }, jobSpec: { backoffLimit: 0 } }));
    await cluster.kubectl('wait job/fails --for=condition=Failed --timeout=30s');
    expect(await field('job fails', '{.status.conditions[?(@.type=="Failed")].reason}')).toBe('BackoffLimitExceeded');
  });
});

describe('Services', () => {
  test('EndpointSlices and Endpoints follow the ready pods', async () => {
    await cluster.apply(deployment('backend', { replicas: 3, image: 'nginx' }));
    await cluster.kubectl('rollout status deployment/backend --timeout=30s');
    await cluster.kubectl('expose deployment backend --port=80 --target-port=8080');
    const podIPs = (await field('pods -l app=backend', '{.items[*].status.podIP}')).split(' ').toSorted();
    const sliceIPs = async () => (await field('endpointslices -l kubernetes.io/service-name=backend', '{.items[*].endpoints[*].addresses[0]}')).split(' ').toSorted();
    await until('the slice has the pods', async () => (await sliceIPs()).join() === podIPs.join());
    expect(await field('endpointslices -l kubernetes.io/service-name=backend', '{.items[0].ports[0].port}')).toBe('8080');
    await until('so have the legacy endpoints', async () => (await field('endpoints backend', '{.subsets[0].addresses[*].ip}')).split(' ').toSorted().join() === podIPs.join());
    await cluster.kubectl('scale deployment/backend --replicas=1');
    await until('the slice follows', async () => (await sliceIPs()).length === 1);
    await cluster.kubectl('delete service backend');
    await until('the slices are gone', async () => (await names('get endpointslices -l kubernetes.io/service-name=backend')).length === 0);
  });
});

describe('deletion', () => {
  test('the garbage collector deletes what a Deployment owned, or orphans it when asked', async () => {
    await cluster.apply([deployment('cascade'), deployment('orphan')]);
    await cluster.kubectl('rollout status deployment/cascade --timeout=30s');
    await cluster.kubectl('rollout status deployment/orphan --timeout=30s');
    await cluster.kubectl('delete deployment cascade --cascade=foreground --timeout=30s');
    expect(await names('get replicasets,pods -l app=cascade')).toEqual([]);
    await cluster.kubectl('delete deployment orphan --cascade=orphan --timeout=30s');
    const [set] = await names('get replicasets -l app=orphan');
    expect(await field(set ?? '', '{.metadata.ownerReferences}')).toBe('');
    await cluster.kubectl('delete replicaset -l app=orphan');
    await until('background deletion takes the pods', async () => (await names('get pods -l app=orphan')).length === 0);
  });

  test('a namespace goes with everything in it', async () => {
    await cluster.kubectl('create namespace going');
    await cluster.kubectl('create deployment web --image=nginx -n going');
    await cluster.kubectl('create configmap c -n going');
    await cluster.kubectl('rollout status deployment/web -n going --timeout=30s');
    await cluster.kubectl('delete namespace going --timeout=60s');
    expect((await cluster.tryKubectl('get namespace going')).stderr).toContain('namespaces "going" not found');
  });
});

describe('scheduling', () => {
  test('a pod that fits nowhere says why, in upstream\'s words, and runs once it fits', async () => {
    await cluster.apply(pod('huge', { container: { resources: { requests: { cpu: '1000' } } } }));
    expect(await eventOf('Pod', 'huge', 'FailedScheduling')).toContain('0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.');
    await cluster.apply(pod('picky', { spec: { nodeSelector: { disk: 'fast' } } }));
    expect(await eventOf('Pod', 'picky', 'FailedScheduling')).toContain("0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.");
    await cluster.kubectl('label node sim-2 disk=fast');
    await cluster.kubectl('wait pod/picky --for=condition=Ready --timeout=30s');
    expect(await field('pod picky', '{.spec.nodeName}')).toBe('sim-2');
    await cluster.kubectl('delete pod huge picky --timeout=30s');
  });

  test('taints repel, tolerations admit, NoExecute evicts', async () => {
    await cluster.apply(deployment('shy', { replicas: 3 }));
    await cluster.kubectl('rollout status deployment/shy --timeout=30s');
    await cluster.kubectl('taint node sim-1 maintenance=now:NoExecute');
    await until('no pod is left on the node', async () => (await names('get pods -l app=shy --field-selector spec.nodeName=sim-1')).length === 0 && (await names('get pods -l app=shy')).length === 3);
    await cluster.apply(pod('tough', { spec: { nodeName: 'sim-1', tolerations: [{ operator: 'Exists' }] } }));
    await cluster.kubectl('wait pod/tough --for=condition=Ready --timeout=30s');
    await cluster.kubectl('taint node sim-1 maintenance-');
    await cluster.kubectl('delete deployment/shy pod/tough --timeout=30s');
  });

  test('drain evicts and honours the PodDisruptionBudget', async () => {
    await cluster.apply(deployment('budgeted', { replicas: 2, spec: { nodeSelector: { 'kubernetes.io/hostname': 'sim-3' } } }));
    await cluster.kubectl('rollout status deployment/budgeted --timeout=30s');
    await cluster.kubectl('create poddisruptionbudget budgeted --selector=app=budgeted --min-available=2');
    await until('the budget is computed', async () => (await field('pdb budgeted', '{.status.currentHealthy}')) === '2');
    const blocked = await cluster.tryKubectl('drain sim-3 --ignore-daemonsets --timeout=4s');
    expect(blocked.code).toBe(1);
    expect(blocked.stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
    await cluster.kubectl('delete pdb budgeted');
    expect(await cluster.kubectl('drain sim-3 --ignore-daemonsets --delete-emptydir-data --timeout=40s')).toContain('node/sim-3 drained');
    expect(await names('get pods --field-selector spec.nodeName=sim-3')).toEqual([]);
    expect(await cluster.kubectl('get node sim-3 --no-headers')).toContain('Ready,SchedulingDisabled');
    expect(await cluster.kubectl('uncordon sim-3')).toBe('node/sim-3 uncordoned\n');
    await cluster.kubectl('rollout status deployment/budgeted --timeout=30s');
    await cluster.kubectl('delete deployment budgeted');
  });
});

test('nodes come and go while the cluster runs', async () => {
  expect((await cluster.coracle(['node', 'add', '--driver', 'simulated', '--count', '2'])).code).toBe(0);
  await until('five nodes are Ready', async () => (await cluster.kubectl('get nodes --no-headers')).match(/ Ready /gu)?.length === 5);
  expect((await cluster.coracle(['node', 'remove', 'sim-5'])).code).toBe(0);
  expect((await cluster.tryKubectl('get node sim-5')).stderr).toContain('nodes "sim-5" not found');
});
