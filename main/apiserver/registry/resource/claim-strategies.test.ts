import { expect, test } from 'vitest';
import type { ResourceClaim, ResourceSlice } from '../../../../kube/api/generated/resource/v1.ts';
import { formatFieldError } from '../../../../kube/apimachinery/field-error.ts';
import type { StrategyContext } from '../generic/strategy.ts';
import { resourceClaimStrategy } from './claim-strategies.ts';
import { resourceSliceStrategy } from './resourceslice-strategy.ts';

const CONTEXT: StrategyContext = { now: 0, user: { name: 'u', groups: [] }, dryRun: false, version: 'v1' };

function claim(devices: Partial<ResourceClaim['spec']['devices']>): ResourceClaim {
  const requests = [{ name: 'r', exactly: { deviceClassName: 'gpu.example' } }];
  return { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { name: 'c' }, spec: { devices: { requests, ...devices } } };
}

function problems(object: ResourceClaim): string[] {
  resourceClaimStrategy.applyDefaults?.(object);
  return resourceClaimStrategy.validate(object, CONTEXT).map(formatFieldError);
}

test('a request asks for exactly one device by default', () => {
  const object = claim({});
  expect(problems(object)).toEqual([]);
  expect(object.spec.devices.requests[0]?.exactly).toEqual({ deviceClassName: 'gpu.example', allocationMode: 'ExactCount', count: 1 });
});

test.each([
  { name: 'neither form of a request', devices: { requests: [{ name: 'r' }] }, want: 'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required' },
  { name: 'a config without contents', devices: { config: [{}] }, want: 'spec.devices.config[0].opaque: Required value' },
  {
    name: 'an unknown request', devices: { constraints: [{ matchAttribute: 'x.example/a', requests: ['zz'] }] },
    want: `spec.devices.constraints[0].requests[0]: Invalid value: "zz": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'`,
  },
])('a claim with $name is refused', ({ devices, want }) => {
  expect(problems(claim(devices))).toEqual([want]);
});

test('a taint of a device without a time gets the time of the write', () => {
  const devices = [{ name: 'd', taints: [{ key: 'a', effect: 'NoSchedule' }] }];
  const slice: ResourceSlice = {
    apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name: 's' },
    spec: { driver: 'd.example', nodeName: 'n', pool: { name: 'p', generation: 1, resourceSliceCount: 1 }, devices },
  };
  const created = resourceSliceStrategy.prepareForCreate(slice, CONTEXT);
  expect(created.spec.devices?.[0]?.taints?.[0]?.timeAdded).toBe('1970-01-01T00:00:00Z');
  expect(resourceSliceStrategy.validate(created, CONTEXT)).toEqual([]);
});
