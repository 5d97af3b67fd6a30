import { expect, test } from 'vitest';
import { podSecurityViolations, type Level, type PodParts } from './pod-security-checks.ts';

const SAFE = { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };
const texts = (level: Level, spec: object, { version = 'latest', annotations = {} }: { readonly version?: string; readonly annotations?: object } = {}): string[] =>
  podSecurityViolations({ level, version }, { metadata: { annotations }, spec } as unknown as PodParts).map(({ reason, detail }) => `${reason} (${detail})`);

test.each([
  { name: 'a safe container', level: 'restricted', spec: { containers: [{ name: 'c', securityContext: SAFE }] }, want: [] },
  { name: 'anything, when privileged is allowed', level: 'privileged', spec: { hostNetwork: true, containers: [{ name: 'c', securityContext: { privileged: true } }] }, want: [] },
  {
    name: 'two privileged containers', level: 'baseline', spec: { containers: [{ name: 'a', securityContext: { privileged: true } }, { name: 'b', securityContext: { privileged: true } }] },
    want: ['privileged (containers "a", "b" must not set securityContext.privileged=true)'],
  },
  { name: 'host ports', level: 'baseline', spec: { containers: [{ name: 'c', ports: [{ hostPort: 81 }, { hostPort: 80 }] }] }, want: ['hostPort (container "c" uses hostPorts 80, 81)'] },
  {
    name: 'a host path', level: 'restricted', spec: { containers: [{ name: 'c', securityContext: SAFE }], volumes: [{ name: 'v', hostPath: { path: '/' } }] },
    want: ['restricted volume types (volume "v" uses restricted volume type "hostPath")'],
  },
] as const)('$name at level $level', ({ level, spec, want }) => {
  expect(texts(level, spec)).toEqual(want);
});

const probed = { containers: [{ name: 'b', livenessProbe: { httpGet: { host: 'h' } } }, { name: 'a', lifecycle: { preStop: { tcpSocket: { host: 'g' } } } }] };
const tcpMemory = { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] }, containers: [] };
const rootUsers = { hostUsers: false, securityContext: { runAsNonRoot: false }, containers: [{ name: 'c', securityContext: { ...SAFE, runAsNonRoot: undefined } }] };
const engine = { securityContext: { seLinuxOptions: { type: 'container_engine_t', user: 'u' } }, containers: [{ name: 'c', securityContext: { seLinuxOptions: { type: 'a', role: 'r' } } }] };
const windows = { os: { name: 'windows' }, containers: [{ name: 'c', securityContext: { runAsNonRoot: true } }] };

test.each([
  { name: 'hosts of probes, names in order', level: 'baseline', version: 'latest', spec: probed, want: ['probe or lifecycle host (containers "a", "b" use probe or lifecycle hosts "g", "h")'] },
  { name: 'hosts of probes before they were looked at', level: 'restricted', version: 'v1.7', spec: probed, want: ['runAsNonRoot != true (pod or containers "b", "a" must set securityContext.runAsNonRoot=true)'] },
  { name: 'a sysctl before it was safe', level: 'baseline', version: 'v1.31', spec: tcpMemory, want: ['forbidden sysctls (net.ipv4.tcp_rmem)'] },
  { name: 'a sysctl since it is safe', level: 'baseline', version: 'v1.32', spec: tcpMemory, want: [] },
  { name: 'root in its own user namespace', level: 'restricted', version: 'v1.35', spec: rootUsers, want: [] },
  { name: 'root in its own user namespace, earlier', level: 'restricted', version: 'v1.34', spec: rootUsers, want: ['runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)'] },
  { name: 'kinds of SELinux options', level: 'baseline', version: 'v1.30', spec: engine, want: ['seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: types "a", "container_engine_t"; user may not be set; role may not be set)'] },
  { name: 'Windows', level: 'restricted', version: 'v1.99', spec: windows, want: [] },
] as const)('$name at $level:$version', ({ level, version, spec, want }) => {
  expect(texts(level, spec, { version })).toEqual(want);
});

test('annotations say what fields had no place for', () => {
  const annotations = { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined', 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' };
  expect(texts('baseline', { containers: [{ name: 'c' }] }, { version: 'v1.18', annotations })).toEqual([
    'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
    'seccompProfile (forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined")',
  ]);
});
