import { expect, it } from 'vitest';
import type { Secret, ServiceAccount } from '../../../kube/api/generated/core/v1.ts';
import type { ObjectMeta } from '../../../kube/apimachinery/object-meta.ts';
import { dayAfter, type LegacyToken, planLegacyToken } from './plan-legacy-token.ts';

const nowMs = Date.UTC(2026, 5, 30, 12);
const unusedMs = 365 * 86_400_000;
const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' }, secrets: [{ name: 't' }] } as ServiceAccount;
const token = ({ created = '2024-01-01T00:00:00Z', ...labels }: Record<string, string> = {}, rest: Partial<LegacyToken> = {}): LegacyToken => ({
  secret: { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name: 't', creationTimestamp: created, labels: Object.fromEntries(Object.entries(labels).map(([key, day]) => [`kubernetes.io/legacy-token-${key}`, day])) } as ObjectMeta } as Secret,
  account, mounted: false, ...rest,
});

it.each<{ name: string; token: LegacyToken; want: unknown }>([
  { name: 'one that was never used is marked invalid', token: token(), want: { action: 'invalidate', since: '2026-06-30' } },
  { name: 'one that was last used long ago is marked invalid', token: token({ 'last-used': '2025-06-29' }), want: { action: 'invalidate', since: '2026-06-30' } },
  { name: 'one that was used within the year is kept', token: token({ 'last-used': '2025-06-30' }), want: { action: 'keep' } },
  { name: 'one whose last use cannot be read is kept', token: token({ 'last-used': 'yesterday' }), want: { action: 'keep' } },
  { name: 'a young one is kept', token: token({ created: '2026-01-01T00:00:00Z' }), want: { action: 'keep' } },
  { name: 'one that a pod mounts is kept', token: token({}, { mounted: true }), want: { action: 'keep' } },
  { name: 'one that somebody made by hand is kept', token: token({}, { account: { ...account, secrets: [] } }), want: { action: 'keep' } },
  { name: 'one of an account that is gone is kept', token: token({}, { account: undefined }), want: { action: 'keep' } },
  { name: 'an invalid one waits another year', token: token({ 'invalid-since': '2025-07-01' }), want: { action: 'keep' } },
  { name: 'then it is deleted', token: token({ 'invalid-since': '2025-06-29' }), want: { action: 'delete' } },
  { name: 'a mark that is no day is made anew', token: token({ 'invalid-since': 'x' }), want: { action: 'invalidate', since: '2026-06-30' } },
])('$name', ({ token: given, want }) => {
  expect(planLegacyToken(given, { nowMs, unusedMs })).toEqual(want);
});

it('counts from the day after tracking began', () => {
  expect(dayAfter('2026-01-31')).toBe(Date.UTC(2026, 1, 1));
  expect(dayAfter('soon')).toBeUndefined();
});
