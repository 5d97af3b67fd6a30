import { describe, expect, it } from 'vitest';
import type { Pod, Service } from '../../kube/api/generated/core/v1.ts';
import { BackOff } from './back-off.ts';
import { containerResources, cpuQuota, cpuShares, podAmounts, podCgroup } from './container-resources.ts';
import { ContainerConfigError, containerEnvironment, serviceEnvironment } from './environment.ts';
import type { EnvironmentSources } from './environment.ts';
import { expand } from './expand.ts';
import { hostsFile, podHostname } from './hosts-file.ts';
import { formatMap } from './pod-fields.ts';
import { podQOS } from './qos.ts';
import { milliValue, wholeValue } from './quantity-value.ts';
import { parseResolvConf, podDNS } from './resolv-conf.ts';
import { linuxSecurityContext, violatesNonRoot } from './security-context.ts';
import { testContainer, testPod } from './testing.ts';

describe('quantities', () => {
  it.each([['100m', 100, 1], ['0.1', 100, 1], ['2', 2000, 2], ['1Ki', 1_024_000, 1024], ['1.5Gi', 1_610_612_736_000, 1_610_612_736], ['1e3', 1_000_000, 1000], ['12M', 12e9, 12e6], ['0', 0, 0]] as const)('%s is %d thousandths and %d whole units', (text, milli, whole) => {
    expect(milliValue(text)).toBe(milli);
    expect(wholeValue(text)).toBe(whole);
  });
});

describe('$(VAR) expansion', () => {
  const values: Readonly<Record<string, string>> = { A: 'a', EMPTY: '' };
  it.each([['$(A)', 'a'], ['x$(A)y', 'xay'], ['$$(A)', '$(A)'], ['$$$(A)', '$a'], ['$(B)', '$(B)'], ['$(EMPTY)', ''], ['$A', '$A'], ['$(A', '$(A'], ['cost$', 'cost$']])('turns %s into %s', (input, output) => {
    expect(expand(input, (name) => values[name])).toBe(output);
  });
});

describe('resources', () => {
  const limits = { cpu: '500m', memory: '64Mi' };
  const guaranteed = testPod({ containers: [testContainer('a', { resources: { limits, requests: limits } })] });
  const burstable = testPod({ containers: [testContainer('a', { resources: { requests: { cpu: '100m' } } }), testContainer('b')] });
  it.each([[guaranteed, 'Guaranteed', '/kubepods/poduid-1'], [burstable, 'Burstable', '/kubepods/burstable/poduid-1'], [testPod(), 'BestEffort', '/kubepods/besteffort/poduid-1']] as const)('decides the QoS class and the cgroup', (pod, qos, cgroup) => {
    expect(podQOS(pod)).toBe(qos);
    expect(podCgroup(pod)).toBe(cgroup);
  });

  it('turns CPU into shares and quota as upstream', () => {
    expect([cpuShares(0), cpuShares(1), cpuShares(500), cpuShares(1_000_000)]).toEqual([2, 2, 512, 262_144]);
    expect([cpuQuota(0), cpuQuota(1), cpuQuota(500)]).toEqual([0, 1000, 50_000]);
  });

  it('limits a pod only when every container has a limit, and counts the largest init container', () => {
    expect(podAmounts(burstable)).toEqual({ cpuRequestMilli: 100, cpuLimitMilli: 0, memoryLimitBytes: 0 });
    const pod = testPod({ containers: [testContainer('a', { resources: { limits } })], initContainers: [testContainer('i', { resources: { limits: { cpu: '2', memory: '1Mi' } } })] });
    expect(podAmounts(pod)).toEqual({ cpuRequestMilli: 2000, cpuLimitMilli: 2000, memoryLimitBytes: 64 * 2 ** 20 });
  });

  it('lets the greedy die first when memory runs out', () => {
    const score = (pod: Pod, memory?: string): number | undefined => containerResources({ pod, container: testContainer('a', memory === undefined ? {} : { resources: { requests: { memory } } }), memoryCapacityBytes: 2 ** 30 }).oomScoreAdj;
    expect([score(guaranteed), score(testPod()), score(burstable, '512Mi'), score(burstable)]).toEqual([-997, 1000, 500, 999]);
  });
});

describe('environment', () => {
  const sources: EnvironmentSources = {
    facts: { nodeName: 'node-1', hostIPs: ['10.89.0.11'], podIPs: ['10.244.0.9'], allocatable: { cpuMilli: 2000, memoryBytes: 2 ** 30, ephemeralStorageBytes: 1 } },
    services: [], configMap: async (name) => (name === 'cm' ? ({ data: { key: 'value' } } as never) : undefined), secret: async () => undefined,
  };
  const environment = async (container: Parameters<typeof testContainer>[1]): Promise<Record<string, string>> => Object.fromEntries((await containerEnvironment(testPod(), testContainer('main', container), sources)).map(({ name, value }) => [name, value]));

  it('takes fields, resources, keys and earlier variables', async () => {
    expect(await environment({
      resources: { limits: { memory: '64Mi' } },
      env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }, { name: 'MEM', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } }, { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
        { name: 'KEY', valueFrom: { configMapKeyRef: { name: 'cm', key: 'key' } } }, { name: 'URL', value: 'http://$(IP)/$(NOPE)' }],
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'cm' } }],
    })).toEqual({ IP: '10.244.0.9', MEM: '64', CPU: '2', KEY: 'value', URL: 'http://10.244.0.9/$(NOPE)', P_key: 'value' });
  });

  it.each([
    { name: 'a missing ConfigMap', env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'no', key: 'key' } } }], message: 'configmap "no" not found' },
    { name: 'a missing key', env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'no' } } }], message: "couldn't find key no in ConfigMap default/cm" },
    { name: 'a missing Secret', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'no', key: 'key' } } }], message: 'secret "no" not found' },
  ])('refuses $name in upstream’s words', async ({ env, message }) => {
    await expect(environment({ env })).rejects.toThrow(new ContainerConfigError(message));
  });

  it('names the Services of the namespace, and kubernetes for everyone', () => {
    const service = (namespace: string, name: string): Service => ({ apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec: { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] } }) as Service;
    const variables = serviceEnvironment(testPod(), [service('default', 'my-db'), service('other', 'x'), service('default', 'kubernetes')]);
    expect(Object.fromEntries(variables)).toMatchObject({ MY_DB_SERVICE_HOST: '10.96.0.7', MY_DB_SERVICE_PORT_HTTP: '80', MY_DB_PORT_80_TCP: 'tcp://10.96.0.7:80', KUBERNETES_SERVICE_PORT: '80' });
    expect([...variables.keys()].some((name) => name.startsWith('X_'))).toBe(false);
    expect([...serviceEnvironment(testPod({ enableServiceLinks: false }), [service('default', 'my-db'), service('default', 'kubernetes')]).keys()].every((name) => name.startsWith('KUBERNETES_'))).toBe(true);
  });
});

describe('names', () => {
  const host = parseResolvConf('nameserver 10.0.2.3\nsearch lan.\noptions edns0\n');
  it.each([
    { name: 'ClusterFirst asks the cluster', spec: {}, expected: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'lan'], options: ['ndots:5'] } },
    { name: 'ClusterFirst on the host’s network asks the host’s', spec: { hostNetwork: true }, expected: { servers: ['10.0.2.3'], searches: ['lan'], options: ['edns0'] } },
    { name: 'None takes only dnsConfig', spec: { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'], searches: ['x'], options: [{ name: 'ndots', value: '2' }] } }, expected: { servers: ['1.1.1.1'], searches: ['x'], options: ['ndots:2'] } },
    { name: 'dnsConfig overrides options', spec: { dnsConfig: { options: [{ name: 'ndots', value: '1' }] } }, expected: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'lan'], options: ['ndots:1'] } },
  ])('$name', ({ spec, expected }) => {
    expect(podDNS({ pod: testPod(spec), host, clusterDNS: ['10.96.0.10'], clusterDomain: 'cluster.local' })).toEqual(expected);
  });

  it('gives a pod with a subdomain its full name in /etc/hosts', () => {
    const pod = testPod({ hostname: 'db-0', subdomain: 'db', hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] });
    expect(podHostname(pod, 'cluster.local')).toEqual({ hostname: 'db-0', domain: 'db.default.svc.cluster.local' });
    const text = hostsFile({ pod, podIPs: ['10.244.0.9'], hostFile: '', clusterDomain: 'cluster.local' });
    expect(text).toContain('10.244.0.9\tdb-0.db.default.svc.cluster.local\tdb-0\n');
    expect(text).toContain('\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n');
  });

  it('writes labels as the downward API does', () => {
    expect(formatMap({ b: 'x"y', a: '1' })).toBe('a="1"\nb="x\\"y"');
  });
});

describe('security context', () => {
  it('takes the container’s settings before the pod’s', () => {
    const container = testContainer('main', { securityContext: { runAsUser: 7, allowPrivilegeEscalation: false, capabilities: { add: ['NET_ADMIN'] } } });
    const context = linuxSecurityContext({ pod: testPod({ securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] } }), container, image: { username: 'nobody' } });
    expect(context).toMatchObject({ runAsUser: { value: 7 }, runAsGroup: { value: 2 }, supplementalGroups: [4, 3], noNewPrivs: true, capabilities: { addCapabilities: ['NET_ADMIN'] } });
  });

  it('holds runAsNonRoot against the image’s user', () => {
    const pod = testPod({ securityContext: { runAsNonRoot: true } });
    expect(violatesNonRoot(pod, testContainer('main'), { uid: 0 })).toContain('container has runAsNonRoot and image will run as root');
    expect(violatesNonRoot(pod, testContainer('main'), { username: 'www' })).toContain('cannot verify user is non-root');
    expect(violatesNonRoot(pod, testContainer('main'), { uid: 33 })).toBeUndefined();
  });
});

it('back-off doubles to its maximum and is forgotten after a long quiet time', () => {
  const backOff = new BackOff({ initialMs: 10, maxMs: 40 });
  const delays = [0, 100, 200, 300].map((nowMs) => {
    backOff.next('k', 60 + nowMs / 10);
    return backOff.delayMs('k');
  });
  expect(delays).toEqual([10, 20, 40, 40]);
  expect(backOff.remainingMs('k', { sinceMs: 90, nowMs: 100 })).toBe(30);
  backOff.next('k', 1000);
  expect(backOff.delayMs('k')).toBe(10);
});
