import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { validateScaleSpec, validateScaleStatus } from './scale-validation.ts';

const scale = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' };
const object = (members: object): KubernetesObject => ({ apiVersion: 'x.io/v1', kind: 'X', metadata: { name: 'a' }, ...members });

test.each([
  { name: 'a number of replicas', members: { spec: { replicas: 3 } }, want: undefined },
  { name: 'no replicas', members: { spec: {} }, want: undefined },
  { name: 'nothing to look into', members: {}, want: undefined },
  { name: 'a fraction', members: { spec: { replicas: 1.5 } }, want: '.spec.replicas accessor error: 1.5 is of the type float64, expected int64' },
  { name: 'a text', members: { spec: { replicas: 'x' } }, want: '.spec.replicas accessor error: x is of the type string, expected int64' },
  { name: 'no object', members: { spec: [1] }, want: '.spec.replicas accessor error: [1] is of the type []interface {}, expected map[string]interface{}' },
  { name: 'too few', members: { spec: { replicas: -1 } }, want: 'should be a non-negative integer' },
  { name: 'too many', members: { spec: { replicas: 2 ** 31 } }, want: 'should be less than or equal to 2147483647' },
])('the scale of a custom resource with $name is checked', ({ members, want }) => {
  const errors = validateScaleSpec({ scale }, object(members));
  expect(errors[0]).toEqual(want === undefined ? undefined : expect.objectContaining({ field: '.spec.replicas', detail: want }));
});

test('its status is checked by itself, the selector with it', () => {
  const errors = validateScaleStatus({ scale }, object({ status: { replicas: true, selector: 1 } }));
  expect(errors.map(({ field, badValue, detail }) => [field, badValue, detail])).toEqual([
    ['.status.replicas', 0, '.status.replicas accessor error: true is of the type bool, expected int64'],
    ['.status.selector', '', '.status.selector accessor error: 1 is of the type int64, expected string'],
  ]);
  expect(validateScaleStatus({ scale: undefined }, object({ status: [] }))).toEqual([]);
});
