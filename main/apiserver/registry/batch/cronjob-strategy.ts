import type * as batch from '../../../../kube/api/generated/batch/v1.ts';
import { withoutDisabledTemplateFields } from '../core/pod/disabled-fields.ts';
import { podTemplateWarnings } from '../core/pod/warnings.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { METADATA_PATH, SPEC_PATH } from '../validation/field-path.ts';
import { checkNonNegative, isEmpty } from '../validation/values.ts';
import { podNameWarnings } from '../apps/workload-validation.ts';
import { cronScheduleError } from './cron-schedule.ts';
import { checkJobSpec } from './job-spec-validation.ts';
import { jobSpecWarnings, setJobTemplateDefaults } from './job-strategy.ts';

type CronJob = batch.CronJob;
/** Jobs of a CronJob are named after it with a dash and ten digits, within 63. */
const MAX_NAME_LENGTH = 52;
const POLICIES = ['Allow', 'Forbid', 'Replace'];
const JOB_SPEC = SPEC_PATH.child('jobTemplate').child('spec');

export const cronJobStrategy = buildStrategy<CronJob>({
  namespaced: true,
  generation: true,
  dropDisabled(job, previous) {
    if (job.spec?.jobTemplate?.spec === undefined) return job;
    const spec = withoutDisabledTemplateFields(job.spec.jobTemplate.spec, previous?.spec.jobTemplate?.spec);
    return { ...job, spec: { ...job.spec, jobTemplate: { ...job.spec.jobTemplate, spec } } };
  },
  defaults({ spec }) {
    if (spec === undefined) return;
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    if (spec.jobTemplate?.spec !== undefined) setJobTemplateDefaults(spec.jobTemplate.spec);
  },
  prepareForCreate: (job) => ({ ...job, status: {} }),
  check(job, errors) {
    checkSpec(job.spec, undefined, errors);
    if (job.metadata.name.length > MAX_NAME_LENGTH) {
      errors.invalid(METADATA_PATH.child('name'), job.metadata.name, `must be no more than ${MAX_NAME_LENGTH} characters`);
    }
  },
  checkUpdate: (next, previous, errors) => checkSpec(next.spec, previous.spec, errors),
  recheckOnUpdate: false,
  status: {},
  warnings(job, previous) {
    const text = 'this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended';
    const ofName = previous === undefined ? podNameWarnings(job.metadata.name, text) : [];
    const path = SPEC_PATH.child('jobTemplate').child('spec').child('template');
    const changed = previous === undefined || job.metadata.generation !== previous.metadata.generation;
    const ofSpec = changed ? jobSpecWarnings(job.spec?.jobTemplate?.spec, (template) => podTemplateWarnings(template, path)) : [];
    return [...ofName, ...ofSpec];
  },
});

function checkSpec(spec: batch.CronJobSpec, previous: batch.CronJobSpec | undefined, errors: FieldErrors): void {
  if (isEmpty(spec.schedule)) errors.required(SPEC_PATH.child('schedule'));
  else checkSchedule(spec, previous?.schedule.includes('TZ') ?? false, errors);
  checkNonNegative(spec.startingDeadlineSeconds, SPEC_PATH.child('startingDeadlineSeconds'), errors);
  if (spec.timeZone !== undefined && spec.timeZone !== previous?.timeZone) checkTimeZone(spec.timeZone, errors);
  const policy = spec.concurrencyPolicy ?? '';
  if (policy === '') errors.required(SPEC_PATH.child('concurrencyPolicy'));
  else if (!POLICIES.includes(policy)) errors.notSupported(SPEC_PATH.child('concurrencyPolicy'), policy, POLICIES);
  const jobSpec = spec.jobTemplate?.spec ?? ({ template: {} } as batch.JobSpec);
  checkJobSpec(jobSpec, JOB_SPEC, errors);
  if (jobSpec.selector !== undefined) errors.invalid(JOB_SPEC.child('selector'), jobSpec.selector, '`selector` will be auto-generated');
  if (jobSpec.manualSelector) errors.notSupported(JOB_SPEC.child('manualSelector'), true, ['nil', 'false']);
  checkNonNegative(spec.successfulJobsHistoryLimit, SPEC_PATH.child('successfulJobsHistoryLimit'), errors);
  checkNonNegative(spec.failedJobsHistoryLimit, SPEC_PATH.child('failedJobsHistoryLimit'), errors);
}

function checkSchedule({ schedule, timeZone }: batch.CronJobSpec, allowZone: boolean, errors: FieldErrors): void {
  const path = SPEC_PATH.child('schedule');
  const message = cronScheduleError(schedule);
  if (message !== undefined) errors.invalid(path, schedule, message);
  if (!schedule.includes('TZ')) return;
  if (!allowZone) errors.invalid(path, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead');
  else if (timeZone !== undefined) errors.invalid(path, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule');
}

function checkTimeZone(zone: string, errors: FieldErrors): void {
  const path = SPEC_PATH.child('timeZone');
  if (zone === '') {
    errors.invalid(path, zone, 'timeZone must be nil or non-empty string');
    return;
  }
  for (const part of zone.split('/')) {
    if (part === '.' || part === '..' || part.startsWith('-') || !/^[A-Za-z.\-_0-9+]{1,14}$/.test(part)) {
      errors.invalid(path, zone, `unknown time zone ${zone}`);
      return;
    }
  }
  if (zone.toLowerCase() === 'local') errors.invalid(path, zone, 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones');
  else if (!isTimeZone(zone)) errors.invalid(path, zone, `unknown time zone ${zone}`);
}

function isTimeZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
