import { expect, test } from 'vitest';
import { podSecurityViolations, type Level, type PodParts } from './pod-security-checks.ts';

const SAFE = { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };
const texts = (level: Level, spec: object): string[] =>
  podSecurityViolations(level, { metadata: undefined, spec } as unknown as PodParts).map(({ reason, detail }) => `${reason} (${detail})`);

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
