import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterUnderTest, until } from '../cluster-under-test.ts';
import { pod } from '../fixtures/manifests.ts';
import { localNodesUnavailable } from './local-requirements.ts';

/** What the kubelet does with a pod, on a real node with containerd. */
const unavailable = localNodesUnavailable();
let cluster: ClusterUnderTest;
beforeAll(async () => {
  if (unavailable === undefined) cluster = await ClusterUnderTest.start('--workers', '1', '--driver', 'local');
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

const field = (object: string, path: string): Promise<string> => cluster.kubectl(`get ${object} -o jsonpath=${path}`);
const shell = (script: string): readonly string[] => ['sh', '-c', script];
const ready = (name: string): Promise<string> => cluster.kubectl(`wait pod/${name} --for=condition=Ready --timeout=40s`);
const finished = (name: string, phase = 'Succeeded'): Promise<string> => cluster.kubectl(`wait pod/${name} --for=jsonpath={.status.phase}=${phase} --timeout=40s`);
const eventOf = (name: string, reason: string): Promise<string> => until(`pod ${name} has an event ${reason}`, async () => (await cluster.kubectl(`get events --field-selector involvedObject.name=${name},reason=${reason} -o jsonpath={.items[*].message}`)) || undefined);

describe.skipIf(unavailable !== undefined)('containers', () => {
  test('init containers run in order before the others, and share volumes with them', async () => {
    const mounts = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
    const init = ['one', 'two'].map((name) => ({ name, image: 'busybox', imagePullPolicy: 'IfNotPresent', command: shell(`echo ${name} >> /shared/order`), ...mounts }));
    await cluster.apply(pod('init', { command: shell('cat /shared/order'), container: mounts, spec: { restartPolicy: 'Never', volumes: [{ name: 'shared', emptyDir: {} }], initContainers: init } }));
    await finished('init');
    expect(await cluster.kubectl('logs init')).toBe('one\ntwo\n');
    expect(await cluster.kubectl('get pod init --no-headers')).toContain('Completed');
  });

  test('a failing container is restarted with back-off, its last log kept', async () => {
    await cluster.apply(pod('crash', { command: shell('echo attempt; exit 7') }));
    await until('it was restarted', async () => Number(await field('pod crash', '{.status.containerStatuses[0].restartCount}')) >= 1);
    await until('it waits', async () => (await field('pod crash', '{.status.containerStatuses[0].state.waiting.reason}')) === 'CrashLoopBackOff');
    expect(await field('pod crash', '{.status.containerStatuses[0].lastState.terminated.exitCode}')).toBe('7');
    expect(await cluster.kubectl('logs crash --previous')).toBe('attempt\n');
    expect(await eventOf('crash', 'BackOff')).toContain('Back-off restarting failed container main in pod crash_default');
  });

  test('an image that nobody has fails with a clear event', async () => {
    await cluster.apply(pod('missing', { image: 'registry.invalid/nothing:1' }));
    expect(await eventOf('missing', 'Failed')).toContain('Failed to pull image "registry.invalid/nothing:1"');
    await until('it says so', async () => ['ErrImagePull', 'ImagePullBackOff'].includes(await field('pod missing', '{.status.containerStatuses[0].state.waiting.reason}')));
    expect(await eventOf('missing', 'BackOff')).toContain('Back-off pulling image "registry.invalid/nothing:1"');
    await cluster.kubectl('delete pod missing --timeout=20s');
  });

  test('a container over its memory limit is killed and says so', async () => {
    await cluster.apply(pod('greedy', { command: shell('tail /dev/zero'), container: { resources: { limits: { memory: '32Mi' } } }, spec: { restartPolicy: 'Never' } }));
    await finished('greedy', 'Failed');
    expect(await field('pod greedy', '{.status.containerStatuses[0].state.terminated.reason} {.status.containerStatuses[0].state.terminated.exitCode}'.replaceAll(' ', '{","}'))).toBe('OOMKilled,137');
  });

  test('termination is asked for, waited for, and the message is kept', async () => {
    await cluster.apply(pod('polite', { command: shell('trap "echo bye; exit 0" TERM; echo hello; while true; do sleep 0.2; done'), spec: { terminationGracePeriodSeconds: 20 } }));
    await ready('polite');
    const log = cluster.startKubectl('logs -f polite');
    await until('the log is followed', () => log.output.includes('hello'));
    const started = performance.now();
    await cluster.kubectl('delete pod polite --timeout=20s');
    expect(performance.now() - started).toBeLessThan(10_000);
    await log.exited;
    expect(log.output).toBe('hello\nbye\n');
  });
});

describe.skipIf(unavailable !== undefined)('probes', () => {
  test('readiness gates the pod, liveness restarts it, startup holds both back', async () => {
    const fast = { periodSeconds: 1, failureThreshold: 1 };
    await cluster.apply([
      pod('readiness', { command: shell('sleep 1000'), container: { readinessProbe: { exec: { command: ['cat', '/tmp/ready'] }, ...fast } } }),
      pod('liveness', { command: shell('touch /tmp/alive; sleep 1000'), container: { livenessProbe: { exec: { command: ['cat', '/tmp/alive'] }, initialDelaySeconds: 1, ...fast } } }),
      pod('startup', { image: 'nginx', container: { startupProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 1, failureThreshold: 30 }, livenessProbe: { tcpSocket: { port: 80 }, ...fast } } }),
    ]);
    await until('it runs', async () => (await field('pod readiness', '{.status.phase}')) === 'Running');
    expect(await field('pod readiness', '{.status.conditions[?(@.type=="Ready")].status}')).toBe('False');
    await cluster.kubectl('exec readiness -- touch /tmp/ready');
    await ready('readiness');
    await ready('startup');
    await ready('liveness');
    await cluster.kubectl('exec liveness -- rm /tmp/alive');
    await until('it was restarted', async () => Number(await field('pod liveness', '{.status.containerStatuses[0].restartCount}')) >= 1, 40_000);
    expect(await eventOf('liveness', 'Unhealthy')).toContain('Liveness probe failed: cat: ');
    await cluster.kubectl('delete pod readiness liveness startup --timeout=30s');
  });
});

describe.skipIf(unavailable !== undefined)('what a pod is given', () => {
  test('environment from fields, resources, ConfigMaps and Secrets', async () => {
    await cluster.kubectl('create configmap settings --from-literal=colour=blue --from-literal=size=small');
    await cluster.kubectl('create secret generic login --from-literal=password=hunter2');
    const env = [
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } }, { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
      { name: 'BOTH', value: '$(NAME)-$(NODE)' },
    ];
    await cluster.apply(pod('environment', { command: shell('echo $NAME $NODE $LIMIT $PASSWORD $BOTH $colour $KUBERNETES_SERVICE_HOST'), container: { env, envFrom: [{ configMapRef: { name: 'settings' } }], resources: { limits: { memory: '64Mi' } } }, spec: { restartPolicy: 'Never' } }));
    await finished('environment');
    expect(await cluster.kubectl('logs environment')).toBe('environment worker-1 67108864 hunter2 environment-worker-1 blue 10.96.0.1\n');
  });

  test('volumes from ConfigMaps, Secrets, the downward API and a token; ConfigMaps follow changes', async () => {
    await cluster.kubectl('create configmap files --from-literal=a=first');
    const projected = { sources: [{ configMap: { name: 'files' } }, { secret: { name: 'login' } }, { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } }, { serviceAccountToken: { path: 'token', audience: 'vault' } }] };
    await cluster.apply(pod('volumes', {
      command: shell('sleep 1000'), labels: { tier: 'web' }, container: { volumeMounts: [{ name: 'files', mountPath: '/files' }, { name: 'all', mountPath: '/all' }, { name: 'memory', mountPath: '/memory' }] },
      spec: { securityContext: { fsGroup: 2000 }, volumes: [{ name: 'files', configMap: { name: 'files', defaultMode: 0o440 } }, { name: 'all', projected }, { name: 'memory', emptyDir: { medium: 'Memory' } }] },
    }));
    await ready('volumes');
    const read = (script: string): Promise<string> => cluster.kubectl(['exec', 'volumes', '--', ...shell(script)]);
    expect(await read('cat /files/a /all/a /all/password /all/labels; cut -d. -f2 /all/token | wc -c | grep -vq "^0$" && echo token')).toBe('firstfirsthunter2tier="web"token\n');
    expect(await read('stat -Lc %a:%g /files/a')).toBe('440:2000\n');
    expect(await read('grep -c " /memory tmpfs" /proc/mounts')).toBe('1\n');
    expect(await read('ls /var/run/secrets/kubernetes.io/serviceaccount')).toBe('ca.crt\nnamespace\ntoken\n');
    await cluster.kubectl(['patch', 'configmap', 'files', '-p', '{"data":{"a":"second"}}']);
    // By itself the kubelet looks again within about a minute; a change of the pod makes it look now.
    await until('the file follows', async () => {
      await cluster.kubectl(`annotate pod volumes --overwrite look=${performance.now()}`);
      return (await read('cat /files/a')) === 'second';
    }, 90_000);
    await cluster.kubectl('delete pod volumes --timeout=20s');
  });

  test('users, capabilities, read-only roots and privileges are as asked', async () => {
    const securityContext = { runAsUser: 1234, runAsGroup: 4321, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    await cluster.apply(pod('modest', { command: shell('id -u; id -g; touch /x 2>&1; grep NoNewPrivs /proc/self/status; grep CapEff /proc/self/status'), container: { securityContext }, spec: { restartPolicy: 'Never' } }));
    await finished('modest');
    const log = await cluster.kubectl('logs modest');
    expect(log).toMatch(/^1234\n4321\ntouch: \/x: Read-only file system\nNoNewPrivs:\s+1\nCapEff:\s+0{16}\n$/u);
    await cluster.apply(pod('root-refused', { command: shell('true'), container: { securityContext: { runAsNonRoot: true } }, spec: { restartPolicy: 'Never' } }));
    await until('it is refused', async () => (await field('pod root-refused', '{.status.containerStatuses[0].state.waiting.reason}')) === 'CreateContainerConfigError');
    await cluster.kubectl('delete pod root-refused');
  });

  test('the API server is reachable from inside with the mounted token', async () => {
    await cluster.apply(pod('client', { command: shell('cd /var/run/secrets/kubernetes.io/serviceaccount; wget -q --no-check-certificate -O- --header "Authorization: Bearer $(cat token)" https://kubernetes.default/apis/authentication.k8s.io/v1 | head -c 200'), spec: { restartPolicy: 'Never' } }));
    await finished('client');
    expect(await cluster.kubectl('logs client')).toContain('APIResourceList');
  });
});
