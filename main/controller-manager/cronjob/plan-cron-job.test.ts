import { expect, test } from 'vitest';
import type { CronJob } from '../../../kube/api/generated/batch/v1.ts';
import { formatTime, parseTime } from '../../../kube/apimachinery/time.ts';
import { newCronJobJob, nextSchedule } from './plan-cron-job.ts';

function cronJob(spec: Partial<CronJob['spec']>, lastScheduleTime?: string): CronJob {
  const jobTemplate = { spec: { template: { spec: { containers: [{ name: 'm', image: 'm' }] } } } };
  return {
    apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'tick', namespace: 'default', uid: 'c', creationTimestamp: '2026-01-01T00:00:30Z' },
    spec: { schedule: '*/5 * * * *', jobTemplate, ...spec }, status: { lastScheduleTime },
  };
}

test.each([
  { name: 'nothing is due before the first time', spec: {}, last: undefined, now: '2026-01-01T00:04:59Z', due: undefined, next: '2026-01-01T00:05:00Z' },
  { name: 'due on the minute', spec: {}, last: undefined, now: '2026-01-01T00:05:00Z', due: '2026-01-01T00:05:00Z', next: '2026-01-01T00:10:00Z' },
  { name: 'only the latest of several missed times', spec: {}, last: '2026-01-01T00:05:00Z', now: '2026-01-01T00:21:00Z', due: '2026-01-01T00:20:00Z', next: '2026-01-01T00:25:00Z' },
  { name: 'too late for the deadline', spec: { startingDeadlineSeconds: 30 }, last: '2026-01-01T00:05:00Z', now: '2026-01-01T00:11:00Z', due: undefined, next: '2026-01-01T00:15:00Z' },
  { name: 'in its time zone', spec: { schedule: '0 9 * * *', timeZone: 'Europe/Berlin' }, last: undefined, now: '2026-01-01T07:00:00Z', due: undefined, next: '2026-01-01T08:00:00Z' },
  { name: 'a macro', spec: { schedule: '@hourly' }, last: undefined, now: '2026-01-01T00:30:00Z', due: undefined, next: '2026-01-01T01:00:00Z' },
])('$name', ({ spec, last, now, due, next }) => {
  const schedule = nextSchedule(cronJob(spec, last), parseTime(now) ?? 0);
  expect(schedule.dueMs === undefined ? undefined : formatTime(schedule.dueMs)).toBe(due);
  expect(formatTime(schedule.nextMs)).toBe(next);
});

test('after days of absence the latest run is due, and the many missed are told', () => {
  const schedule = nextSchedule(cronJob({ schedule: '* * * * *' }), parseTime('2026-01-03T00:00:10Z') ?? 0);
  expect(formatTime(schedule.dueMs ?? 0)).toBe('2026-01-03T00:00:00Z');
  expect(schedule.missed).toBeGreaterThan(100);
});

test('an unreadable schedule throws', () => {
  expect(() => nextSchedule(cronJob({ schedule: 'never' }), 0)).toThrow();
});

test('a Job is named after its minute', () => {
  expect(newCronJobJob(cronJob({}), parseTime('2026-01-01T00:05:00Z') ?? 0).metadata.name).toBe('tick-29453765');
});
