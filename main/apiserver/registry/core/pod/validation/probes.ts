import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { isHttpHeaderName } from '../../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { checkNonNegative, checkPortNumber, checkPortNumberOrName, isEmpty } from '../../../validation/values.ts';
import { stopSignals } from './stop-signals.ts';

const HTTP_SCHEMES = ['HTTP', 'HTTPS'];

interface Handler {
  readonly exec?: core.ExecAction;
  readonly httpGet?: core.HTTPGetAction;
  readonly tcpSocket?: core.TCPSocketAction;
  readonly grpc?: core.GRPCAction;
  readonly sleep?: core.SleepAction;
}

export function checkProbes(container: core.Container, path: FieldPath, errors: FieldErrors, gracePeriod: number | undefined): void {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  if (livenessProbe !== undefined) checkProbe(livenessProbe, path.child('livenessProbe'), errors, gracePeriod);
  if (livenessProbe !== undefined) checkSuccessThreshold(livenessProbe, path.child('livenessProbe'), errors);
  if (readinessProbe !== undefined) {
    const probePath = path.child('readinessProbe');
    checkProbe(readinessProbe, probePath, errors, gracePeriod);
    const seconds = readinessProbe.terminationGracePeriodSeconds;
    if (seconds !== undefined) errors.invalid(probePath.child('terminationGracePeriodSeconds'), seconds, 'must not be set for readinessProbes');
  }
  if (startupProbe !== undefined) {
    checkProbe(startupProbe, path.child('startupProbe'), errors, gracePeriod);
    checkSuccessThreshold(startupProbe, path.child('startupProbe'), errors);
  }
}

function checkSuccessThreshold(probe: core.Probe, path: FieldPath, errors: FieldErrors): void {
  if (probe.successThreshold !== 1) errors.invalid(path.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1');
}

function checkProbe(probe: core.Probe, path: FieldPath, errors: FieldErrors, gracePeriod: number | undefined): void {
  checkHandler(probe, path, errors, gracePeriod);
  checkNonNegative(probe.initialDelaySeconds, path.child('initialDelaySeconds'), errors);
  checkNonNegative(probe.timeoutSeconds, path.child('timeoutSeconds'), errors);
  checkNonNegative(probe.periodSeconds, path.child('periodSeconds'), errors);
  checkNonNegative(probe.successThreshold, path.child('successThreshold'), errors);
  checkNonNegative(probe.failureThreshold, path.child('failureThreshold'), errors);
  const seconds = probe.terminationGracePeriodSeconds;
  if (seconds !== undefined && seconds <= 0) errors.invalid(path.child('terminationGracePeriodSeconds'), seconds, 'must be greater than 0');
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;

function checkHandler(handler: Handler, path: FieldPath, errors: FieldErrors, gracePeriod: number | undefined): void {
  let found = false;
  for (const kind of HANDLERS) {
    if (handler[kind] === undefined) continue;
    if (found) errors.forbidden(path.child(kind), 'may not specify more than 1 handler type');
    else checkAction(handler, kind, path.child(kind), errors, gracePeriod);
    found = true;
  }
  if (!found) errors.required(path, 'must specify a handler type');
}

function checkAction(
  handler: Handler,
  kind: (typeof HANDLERS)[number],
  path: FieldPath,
  errors: FieldErrors,
  gracePeriod: number | undefined,
): void {
  switch (kind) {
    case 'exec':
      if (isEmpty(handler.exec?.command)) errors.required(path.child('command'));
      return;
    case 'httpGet':
      if (handler.httpGet !== undefined) checkHttpGet(handler.httpGet, path, errors);
      return;
    case 'tcpSocket':
      checkPortNumberOrName(handler.tcpSocket?.port, path.child('port'), errors);
      return;
    case 'grpc':
      checkPortNumber(handler.grpc?.port ?? 0, path.child('port'), errors);
      return;
    case 'sleep': {
      const seconds = handler.sleep?.seconds ?? 0;
      if (gracePeriod !== undefined && (seconds < 0 || seconds > gracePeriod)) {
        errors.invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`);
      }
    }
  }
}

function checkHttpGet(action: core.HTTPGetAction, path: FieldPath, errors: FieldErrors): void {
  if (isEmpty(action.path)) errors.required(path.child('path'));
  checkPortNumberOrName(action.port, path.child('port'), errors);
  if (!HTTP_SCHEMES.includes(action.scheme ?? '')) errors.notSupported(path.child('scheme'), action.scheme, HTTP_SCHEMES);
  for (const { name = '' } of action.httpHeaders ?? []) errors.invalidEach(path.child('httpHeaders'), name, isHttpHeaderName(name));
}

export function checkLifecycle(
  lifecycle: core.Lifecycle,
  path: FieldPath,
  errors: FieldErrors,
  { gracePeriod, os }: { readonly gracePeriod: number | undefined; readonly os: core.PodOS | undefined },
): void {
  if (lifecycle.postStart !== undefined) checkHandler(lifecycle.postStart, path.child('postStart'), errors, gracePeriod);
  if (lifecycle.preStop !== undefined) checkHandler(lifecycle.preStop, path.child('preStop'), errors, gracePeriod);
  const { stopSignal } = lifecycle;
  if (stopSignal === undefined) return;
  if (os === undefined) errors.forbidden(path.child('stopSignal'), 'may not be set for containers with empty `spec.os.name`');
  else {
    const supported = stopSignals(os.name);
    if (supported !== undefined && !supported.includes(stopSignal)) errors.notSupported(path.child('stopSignal'), stopSignal, supported);
  }
}
