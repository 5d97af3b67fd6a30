import type * as certificates from '../../../../kube/api/generated/certificates/v1.ts';
import { formatTime } from '../../../../kube/apimachinery/time.ts';
import { certificateRequestProblem, certificateProblem } from './pem.ts';
import type { StatusStrategy, Strategy, StrategyContext } from '../generic/strategy.ts';
import { collect } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, STATUS_PATH } from '../validation/field-path.ts';
import { semanticEqual } from '../validation/semantic-equal.ts';
import { isEmpty } from '../validation/values.ts';
import { checkSignerName } from './signer-name-validation.ts';

type Request = certificates.CertificateSigningRequest;
type Condition = certificates.CertificateSigningRequestCondition;
const USAGES = [
  'any', 'cert sign', 'client auth', 'code signing', 'content commitment', 'crl sign', 'data encipherment', 'decipher only', 'digital signature',
  'email protection', 'encipher only', 'ipsec end system', 'ipsec tunnel', 'ipsec user', 'key agreement', 'key encipherment', 'microsoft sgc',
  'netscape sgc', 'ocsp signing', 's/mime', 'server auth', 'signing', 'timestamping',
];
const FINAL_CONDITIONS = ['Approved', 'Denied', 'Failed'];
const DECISIONS = ['Approved', 'Denied'];
const MIN_SECONDS = 600;
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
const CONDITIONS = STATUS_PATH.child('conditions');

interface UpdateRights {
  readonly certificate?: boolean;
  readonly decision?: boolean;
}

/** Upstream: pkg/registry/certificates/certificates/strategy.go. Who asks is whom the API server saw asking. */
export const certificateSigningRequestStrategy: Strategy<Request> = {
  namespaced: false,
  allowCreateOnUpdate: false,
  allowUnconditionalUpdate: true,
  generation: false,
  prepareForCreate(request, { user }) {
    const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...spec } = request.spec;
    const extra = Object.fromEntries(Object.entries(user.extra ?? {}).map(([key, values]) => [key, [...values]]));
    return {
      ...request,
      spec: {
        ...spec,
        ...(user.name === '' ? {} : { username: user.name }),
        ...(user.uid ? { uid: user.uid } : {}),
        ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
        ...(Object.keys(extra).length === 0 ? {} : { extra }),
      },
      status: {},
    };
  },
  validate: (request) => collect((errors) => check(request, undefined, errors)),
  prepareForUpdate: (next, previous) => ({ ...next, spec: previous.spec, status: previous.status ?? {} }),
  validateUpdate: (next, previous) => collect((errors) => checkUpdate(next, previous, errors, {})),
  selectableFields: ({ spec }) => ({ 'spec.signerName': spec?.signerName ?? '' }),
  status: part({ certificate: true }, (next, previous, context) => {
    const conditions = keepDecisions(next.status?.conditions, previous.status?.conditions);
    return { ...next.status, ...withTimes(conditions, previous, context) };
  }),
  subresources: {
    approval: part({ decision: true }, (next, previous, context) => ({ ...previous.status, ...withTimes(next.status?.conditions, previous, context) })),
  },
};

function part(
  rights: UpdateRights,
  statusOf: (next: Request, previous: Request, context: StrategyContext) => certificates.CertificateSigningRequestStatus,
): StatusStrategy<Request> {
  return {
    prepareForUpdate: (next, previous, context) => ({ ...next, spec: previous.spec, status: statusOf(next, previous, context) }),
    validateUpdate: (next, previous) => collect((errors) => checkUpdate(next, previous, errors, rights)),
  };
}

/** A status update cannot touch approvals and denials. */
function keepDecisions(next: readonly Condition[] | undefined, previous: readonly Condition[] | undefined): Condition[] | undefined {
  return next?.map((condition) => (DECISIONS.includes(condition.type) ? (previous?.find(({ type }) => type === condition.type) ?? condition) : condition));
}

function withTimes(conditions: readonly Condition[] | undefined, previous: Request, { now }: StrategyContext): { conditions?: Condition[] } {
  if (conditions === undefined) return {};
  const time = formatTime(now);
  return {
    conditions: conditions.map((condition) => {
      const before = previous.status?.conditions?.find(({ type, status }) => type === condition.type && status === condition.status);
      return {
        ...condition,
        lastUpdateTime: condition.lastUpdateTime ?? time,
        lastTransitionTime: condition.lastTransitionTime ?? before?.lastTransitionTime ?? time,
      };
    }),
  };
}

function check({ spec, status }: Request, previous: Request | undefined, errors: FieldErrors): void {
  const { request, usages = [], signerName = '', expirationSeconds } = spec;
  const requestProblem = previous?.spec.request === request && request !== undefined ? undefined : certificateRequestProblem(request);
  if (requestProblem !== undefined) errors.invalid(SPEC_PATH.child('request'), request ?? null, requestProblem);
  const usagesPath = SPEC_PATH.child('usages');
  if (isEmpty(usages)) errors.required(usagesPath);
  for (const [index, usage] of usages.entries()) {
    if (!USAGES.includes(usage) && previous === undefined) errors.notSupported(usagesPath.index(index), usage, USAGES);
  }
  for (const [index, usage] of usages.entries()) {
    if (usages.indexOf(usage) < index && previous === undefined) errors.duplicate(usagesPath.index(index), usage);
  }
  if (signerName === LEGACY_SIGNER && previous?.spec.signerName !== LEGACY_SIGNER) {
    errors.invalid(SPEC_PATH.child('signerName'), signerName, 'the legacy signerName is not allowed via this API version');
  } else checkSignerName(signerName, SPEC_PATH.child('signerName'), errors);
  if (expirationSeconds !== undefined && expirationSeconds < MIN_SECONDS) {
    errors.invalid(SPEC_PATH.child('expirationSeconds'), expirationSeconds, `may not specify a duration less than ${MIN_SECONDS} seconds (10 minutes)`);
  }
  checkConditions(status?.conditions ?? [], errors);
  const problem = status?.certificate === previous?.status?.certificate ? undefined : certificateProblem(status?.certificate);
  if (problem !== undefined) errors.invalid(STATUS_PATH.child('certificate'), '<certificate data>', problem);
}

function checkConditions(conditions: readonly Condition[], errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { type = '', status = '' }] of conditions.entries()) {
    const path = CONDITIONS.index(index);
    if (type === '') errors.required(path.child('type'));
    const allowed = FINAL_CONDITIONS.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (status === '') errors.required(path.child('status'));
    else if (!allowed.includes(status)) errors.notSupported(path.child('status'), status, allowed);
    if (DECISIONS.includes(type) && DECISIONS.some((decision) => decision !== type && seen.has(decision))) {
      errors.invalid(CONDITIONS, type, 'Approved and Denied conditions are mutually exclusive');
    }
    if (seen.has(type)) errors.duplicate(path.child('type'), type);
    seen.add(type);
  }
}

function checkUpdate(next: Request, previous: Request, errors: FieldErrors, rights: UpdateRights): void {
  check(next, previous, errors);
  const conditionsOf = (request: Request, type: string) => (request.status?.conditions ?? []).filter((condition) => condition.type === type);
  for (const type of FINAL_CONDITIONS) {
    if (conditionsOf(next, type).length < conditionsOf(previous, type).length) {
      errors.forbidden(CONDITIONS, `updates may not remove a condition of type ${JSON.stringify(type)}`);
    }
  }
  for (const type of rights.decision ? [] : DECISIONS) {
    const after = conditionsOf(next, type);
    const before = conditionsOf(previous, type);
    if (after.length > before.length) errors.forbidden(CONDITIONS, `updates may not add a condition of type ${JSON.stringify(type)}`);
    else if (after.length === before.length && !semanticEqual(after, before)) {
      errors.forbidden(CONDITIONS, `updates may not modify a condition of type ${JSON.stringify(type)}\n`);
    }
  }
  const certificate = STATUS_PATH.child('certificate');
  if ((next.status?.certificate ?? '') === (previous.status?.certificate ?? '')) return;
  if (!rights.certificate) errors.forbidden(certificate, 'updates may not set certificate content');
  else if (previous.status?.certificate) errors.forbidden(certificate, 'updates may not modify existing certificate content');
}
