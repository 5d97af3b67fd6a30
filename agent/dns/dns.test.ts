import { decode, encode } from 'dns-packet';
import type { Answer } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import type { Service } from '../../kube/api/generated/core/v1.ts';
import type { EndpointSlice } from '../../kube/api/generated/discovery/v1.ts';
import { answerQuery, truncateForUdp } from './answer-query.ts';
import { Zone } from './zone.ts';

function service(name: string, spec: Service['spec']): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec };
}
function slice(name: string, endpoints: EndpointSlice['endpoints']): EndpointSlice {
  return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } }, addressType: 'IPv4', endpoints, ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] };
}

const zone = new Zone({
  domain: 'cluster.local',
  services: [
    service('web', { clusterIP: '10.96.1.1', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }),
    service('db', { clusterIP: 'None', ports: [{ name: 'http', port: 8080 }] }),
    service('empty', { clusterIP: 'None' }),
    service('elsewhere', { type: 'ExternalName', externalName: 'example.org' }),
    service('alias', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' }),
  ],
  slices: [slice('db', [{ addresses: ['10.244.0.5'], hostname: 'db-0', conditions: { ready: true } }, { addresses: ['10.244.0.6'], conditions: { ready: false } }])],
});

function ask(name: string, type = 'A') {
  const outcome = answerQuery(encode({ type: 'query', id: 7, flags: 256, questions: [{ name, type: type as 'A' }] }), zone);
  if (outcome.type !== 'answer') return { outcome: outcome.type, rcode: undefined, answers: [] };
  const packet = decode(outcome.packet);
  return { outcome: outcome.type, rcode: (packet as { rcode?: string }).rcode, answers: (packet.answers ?? []).map((answer: Answer) => ('data' in answer ? (typeof answer.data === 'object' && !Buffer.isBuffer(answer.data) && !Array.isArray(answer.data) ? `${(answer.data as { target: string }).target}:${(answer.data as { port: number }).port}` : String(answer.data)) : '')) };
}

describe('names of the cluster', () => {
  it.each([
    { name: 'web.default.svc.cluster.local', type: 'A', rcode: 'NOERROR', answers: ['10.96.1.1'] },
    { name: 'WEB.Default.SVC.cluster.local', type: 'A', rcode: 'NOERROR', answers: ['10.96.1.1'] },
    { name: 'web.default.svc.cluster.local', type: 'AAAA', rcode: 'NOERROR', answers: [] },
    { name: '_http._tcp.web.default.svc.cluster.local', type: 'SRV', rcode: 'NOERROR', answers: ['web.default.svc.cluster.local:80'] },
    { name: 'db.default.svc.cluster.local', type: 'A', rcode: 'NOERROR', answers: ['10.244.0.5'] },
    { name: 'db-0.db.default.svc.cluster.local', type: 'A', rcode: 'NOERROR', answers: ['10.244.0.5'] },
    { name: '_http._tcp.db.default.svc.cluster.local', type: 'SRV', rcode: 'NOERROR', answers: ['db-0.db.default.svc.cluster.local:8080'] },
    { name: 'empty.default.svc.cluster.local', type: 'A', rcode: 'NOERROR', answers: [] },
    { name: 'missing.default.svc.cluster.local', type: 'A', rcode: 'NXDOMAIN', answers: [] },
    { name: '10-244-0-5.default.pod.cluster.local', type: 'A', rcode: 'NOERROR', answers: ['10.244.0.5'] },
    { name: '1.1.96.10.in-addr.arpa', type: 'PTR', rcode: 'NOERROR', answers: ['web.default.svc.cluster.local'] },
    { name: '5.0.244.10.in-addr.arpa', type: 'PTR', rcode: 'NOERROR', answers: ['db-0.db.default.svc.cluster.local'] },
    { name: 'alias.default.svc.cluster.local', type: 'A', rcode: 'NOERROR', answers: ['web.default.svc.cluster.local', '10.96.1.1'] },
  ])('$name $type → $rcode $answers', ({ name, type, rcode, answers }) => {
    expect(ask(name, type)).toMatchObject({ rcode, answers });
  });

  it.each(['example.org', 'elsewhere.default.svc.cluster.local', '8.8.8.8.in-addr.arpa'])('asks the outside for %s', (name) => {
    expect(ask(name).outcome).toBe('forward');
  });
});

describe('bad input', () => {
  it('is ignored without an exception', () => {
    for (let length = 0; length < 40; length += 1) expect(() => answerQuery(Buffer.alloc(length, 0xff), zone)).not.toThrow();
    expect(answerQuery(Buffer.from('not dns'), zone).type).toBe('ignore');
  });

  it('cuts an answer that does not fit a UDP packet and says so', () => {
    const query = encode({ type: 'query', id: 7, questions: [{ name: 'web.default.svc.cluster.local', type: 'A' }] });
    const big = encode({ type: 'response', id: 7, questions: [], answers: Array.from({ length: 60 }, (_, index) => ({ type: 'A' as const, name: 'web.default.svc.cluster.local', data: `10.0.0.${index}` })) });
    const cut = decode(truncateForUdp(query, big));
    expect((cut.flags ?? 0) & (1 << 9)).not.toBe(0);
  });
});
