import { describe, expect, test } from 'vitest';
import type { Endpoints, Pod, Service } from '../../../kube/api/generated/core/v1.ts';
import { buildEndpoints } from './plan-endpoints.ts';

const service = (spec: object, labels = {}): Service => ({ metadata: { name: 's', namespace: 'n', labels }, spec: { selector: { a: 'b' }, ports: [{ port: 80 }], clusterIP: '10.96.0.5', ...spec } }) as unknown as Service;
function pod(index: number, { ready = true, ips = [`10.0.${index >> 8}.${index & 255}`], port = 80 } = {}): Pod {
  return {
    metadata: { name: `p${index}`, namespace: 'n' }, spec: { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: port }] }] },
    status: { phase: 'Running', podIPs: ips.map((ip) => ({ ip })), podIP: ips[0], conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  } as unknown as Pod;
}
const counts = ({ subsets = [] }: Endpoints): unknown => subsets.map(({ addresses = [], notReadyAddresses = [] }) => [addresses.length, notReadyAddresses.length]);

describe('Endpoints of a Service with many pods', () => {
  const pods = (ready: number, notReady: number, port = 80): Pod[] => Array.from({ length: ready + notReady }, (_, index) => pod(index + port * 10_000, { ready: index < ready, port }));
  test.each([
    { name: 'that has room for all', of: [...pods(600, 400)], expected: [[600, 400]], truncated: false },
    { name: 'leave out those that are not ready', of: pods(600, 900), expected: [[600, 400]], truncated: true },
    { name: 'leave out ready ones last', of: pods(1200, 50), expected: [[1000, 0]], truncated: true },
    { name: 'cut each subset in proportion', of: [...pods(600, 300), ...pods(0, 600, 81)], expected: [[600, 134], [0, 266]], truncated: true },
  ])('$name', ({ of, expected, truncated }) => {
    const built = buildEndpoints(service({ ports: [{ port: 80, targetPort: 'http' }] }), of);
    expect(counts(built)).toEqual(expected);
    expect(built.metadata.annotations?.['endpoints.kubernetes.io/over-capacity']).toBe(truncated ? 'truncated' : undefined);
  });
});

test.each([
  { name: 'IPv6 first', spec: { ipFamilies: ['IPv6', 'IPv4'], clusterIP: 'fd00::5' }, ip: 'fd00::1' },
  { name: 'IPv4 first', spec: { ipFamilies: ['IPv4', 'IPv6'] }, ip: '10.0.0.1' },
  { name: 'IPv6 by its address', spec: { clusterIP: 'fd00::5' }, ip: 'fd00::1' },
])('the addresses are those of the first family: $name', ({ spec, ip }) => {
  const both = pod(1, { ips: ['10.0.0.1', 'fd00::1'] });
  const old = pod(2, { ips: [ip.includes(':') ? '10.0.0.2' : 'fd00::2'] });
  expect(buildEndpoints(service(spec), [both, old]).subsets?.flatMap(({ addresses = [] }) => addresses.map((one) => one.ip))).toEqual([ip]);
});

test.each([
  { clusterIP: '10.96.0.5', labelled: false },
  { clusterIP: 'None', labelled: true },
  { clusterIP: '', labelled: true },
])('a Service with the address "$clusterIP" is headless: $labelled', ({ clusterIP, labelled }) => {
  expect('service.kubernetes.io/headless' in (buildEndpoints(service({ clusterIP }, { mine: 'x' }), []).metadata.labels ?? {})).toBe(labelled);
});
