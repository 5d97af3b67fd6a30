import { describe, expect, it } from 'vitest';
import { compileRules } from './compile-rules.ts';
import { diffRules, emptyRules } from './diff-rules.ts';
import type { ServiceEndpoint, ServicePort } from './service-port.ts';

const clusterCIDR = '10.244.0.0/16';

function endpoint(ip: string, changes: Partial<ServiceEndpoint> = {}): ServiceEndpoint {
  return { ip, port: 80, ready: true, serving: true, terminating: false, local: false, ...changes };
}

function service(changes: Partial<ServicePort> = {}): ServicePort {
  return { name: 'default/web:', protocol: 'tcp', clusterIP: '10.96.4.4', port: 80, externalIPs: [], loadBalancerIPs: [], loadBalancerSourceRanges: [], internalLocal: false, externalLocal: false, endpoints: [endpoint('10.244.1.7'), endpoint('10.244.2.9')], ...changes };
}

function compile(...services: readonly ServicePort[]) {
  return compileRules({ services, hostPorts: [], clusterCIDR });
}

/** The addresses that traffic to a map's key can end at, following jumps through the compiled chains. */
function targets(rules: ReturnType<typeof compile>, map: string, key: string): readonly string[] {
  const follow = (verdict: string): readonly string[] => {
    const chain = /goto (\S+)/u.exec(verdict)?.[1] ?? '';
    return (rules.chains.get(chain) ?? []).flatMap((rule) => [...[...rule.matchAll(/dnat to (\S+)/gu)].map((match) => match[1] ?? ''), ...[...rule.matchAll(/goto (ep-\w+|ext-\w+|svc-\w+)/gu)].flatMap((match) => follow(match[0]))]);
  };
  return [...new Set(follow(rules.elements.get(map)?.get(key) ?? ''))].sort();
}

describe('compiling Services to rules', () => {
  it('sends a cluster IP to every ready endpoint', () => {
    expect(targets(compile(service()), 'service-ips', '10.96.4.4 . tcp . 80')).toEqual(['10.244.1.7:80', '10.244.2.9:80']);
  });

  it('rejects a Service without endpoints at once instead of letting clients wait', () => {
    const rules = compile(service({ endpoints: [] }));
    expect(rules.elements.get('no-endpoint-services')?.get('10.96.4.4 . tcp . 80')).toBe('goto reject-it');
    expect(rules.elements.get('service-ips')?.size).toBe(0);
  });

  it.each([
    { name: 'leaves out endpoints that are not ready', endpoints: [endpoint('10.244.1.1', { ready: false, serving: false }), endpoint('10.244.1.2')], expected: ['10.244.1.2:80'] },
    { name: 'uses terminating endpoints only when nothing else serves', endpoints: [endpoint('10.244.1.1', { ready: false, terminating: true })], expected: ['10.244.1.1:80'] },
  ])('$name', ({ endpoints, expected }) => {
    expect(targets(compile(service({ endpoints })), 'service-ips', '10.96.4.4 . tcp . 80')).toEqual(expected);
  });

  it('keeps internalTrafficPolicy Local on the node and drops what finds nobody there', () => {
    const local = compile(service({ internalLocal: true, endpoints: [endpoint('10.244.1.7', { local: true }), endpoint('10.244.2.9')] }));
    expect(targets(local, 'service-ips', '10.96.4.4 . tcp . 80')).toEqual(['10.244.1.7:80']);
    const none = compile(service({ internalLocal: true }));
    expect(none.elements.get('no-endpoint-services')?.get('10.96.4.4 . tcp . 80')).toBe('goto drop-it');
  });

  it('opens node ports and masquerades what comes in by them, unless the policy is Local', () => {
    const cluster = compile(service({ nodePort: 30080 }));
    expect(targets(cluster, 'service-nodeports', 'tcp . 30080')).toEqual(['10.244.1.7:80', '10.244.2.9:80']);
    const chain = (rules: ReturnType<typeof compile>) => [...rules.chains].find(([name]) => name.startsWith('ext-'))?.[1] ?? [];
    expect(chain(cluster)[0]).toBe('jump mark-for-masquerade');
    const local = compile(service({ nodePort: 30080, externalLocal: true, endpoints: [endpoint('10.244.1.7', { local: true })] }));
    expect(chain(local)).not.toContain('jump mark-for-masquerade');
  });

  it('tries the endpoint a client had before when affinity is wanted', () => {
    const rules = compile(service({ affinitySeconds: 60 }));
    const chain = [...rules.chains].find(([name]) => name.startsWith('svc-'))?.[1] ?? [];
    expect(chain.filter((rule) => rule.startsWith('ip saddr @affinity-'))).toHaveLength(2);
    expect([...rules.affinitySets.values()]).toEqual([60, 60]);
  });

  it('binds host ports of pods to the node', () => {
    const rules = compileRules({ services: [], hostPorts: [{ protocol: 'tcp', hostPort: 8080, podIP: '10.244.1.7', containerPort: 80 }], clusterCIDR });
    expect(rules.elements.get('hostports')?.get('tcp . 8080')).toMatch(/^goto hp-/u);
  });
});

describe('the difference of two rule sets', () => {
  it('is empty between equal ones', () => {
    expect(diffRules(compile(service()), compile(service()))).toBe('');
  });

  it('changes only what a new endpoint touches', () => {
    const script = diffRules(compile(service(), service({ name: 'default/other:', clusterIP: '10.96.5.5' })), compile(service({ endpoints: [endpoint('10.244.1.7')] }), service({ name: 'default/other:', clusterIP: '10.96.5.5' })));
    expect(script).not.toContain('10.96.5.5');
    expect(script).toContain('flush chain');
  });

  it('deletes a chain only after nothing refers to it', () => {
    const lines = diffRules(compile(service()), emptyRules).trimEnd().split('\n');
    expect(lines.findIndex((line) => line.startsWith('delete element'))).toBeLessThan(lines.findIndex((line) => line.startsWith('delete chain')));
    expect(lines.filter((line) => line.startsWith('flush chain')).length).toBe(3);
  });
});
