import { emptyAsGiven } from '../../../../kube/api/typed-object.ts';
import { ipWarnings } from '../validation/ip-warnings.ts';
import type * as networking from '../../../../kube/api/generated/networking/v1.ts';
import { isDns1123Label, isDns1123Subdomain, isValidPathSegmentName, isValidPortName, isValidPortNumber, isWildcardDns1123Subdomain } from '../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { ROOT_PATH, SPEC_PATH, STATUS_PATH, type FieldPath } from '../validation/field-path.ts';
import { checkLegacyIp } from '../validation/ip.ts';
import { parseIp } from '../validation/ip-parse.ts';
import { checkDnsSubdomain, isEmpty } from '../validation/values.ts';

type Ingress = networking.Ingress;
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_SUFFIXES = ['/..', '/.'];

export const ingressStrategy = buildStrategy<Ingress>({
  namespaced: true,
  generation: true,
  prepareForCreate: (ingress) => ({ ...ingress, status: { loadBalancer: {} } }),
  check(ingress, errors) {
    checkSpec(ingress.spec ?? {}, errors);
    const annotation = ingress.metadata.annotations?.[CLASS_ANNOTATION];
    const className = ingress.spec?.ingressClassName;
    if (annotation === undefined || className === undefined || annotation === className) return;
    errors.invalid(ROOT_PATH.child('annotations').child(CLASS_ANNOTATION), annotation, 'must match `ingressClassName` when both are specified');
  },
  checkUpdate: (next, _previous, errors) => checkSpec(next.spec ?? {}, errors),
  recheckOnUpdate: false,
  status: { check: checkStatus, warnings: statusWarnings },
  warnings(ingress, previous) {
    if (previous !== undefined || ingress.metadata.annotations?.[CLASS_ANNOTATION] === undefined) return [];
    return [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
});

function statusWarnings({ status }: Ingress): string[] {
  const path = STATUS_PATH.child('loadBalancer').child('ingress');
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '' }, index) => ipWarnings(path.index(index), ip));
}

function checkSpec(spec: networking.IngressSpec, errors: FieldErrors): void {
  if (isEmpty(spec.rules) && spec.defaultBackend === undefined) {
    errors.invalid(SPEC_PATH, spec.rules ?? emptyAsGiven(spec, 'rules'), 'either `defaultBackend` or `rules` must be specified');
  }
  if (spec.defaultBackend !== undefined) checkBackend(spec.defaultBackend, SPEC_PATH.child('defaultBackend'), errors);
  for (const [index, rule] of (spec.rules ?? []).entries()) checkRule(rule, SPEC_PATH.child('rules').index(index), errors);
  for (const [index, tls] of (spec.tls ?? []).entries()) checkTls(tls, SPEC_PATH.child('tls').index(index), errors);
  if (spec.ingressClassName !== undefined) checkDnsSubdomain(spec.ingressClassName, SPEC_PATH.child('ingressClassName'), errors);
}

function hostMessages(host: string): string[] {
  return host.includes('*') ? isWildcardDns1123Subdomain(host) : isDns1123Subdomain(host);
}

function checkTls({ hosts = [], secretName }: networking.IngressTLS, path: FieldPath, errors: FieldErrors): void {
  for (const [index, host] of hosts.entries()) errors.invalidEach(path.child('hosts').index(index), host, hostMessages(host));
  if (secretName) checkDnsSubdomain(secretName, path.child('secretName'), errors);
}

function checkRule({ host, http }: networking.IngressRule, path: FieldPath, errors: FieldErrors): void {
  if (host) {
    if (parseIp(host) !== undefined) errors.invalid(path.child('host'), host, 'must be a DNS name, not an IP address');
    errors.invalidEach(path.child('host'), host, hostMessages(host));
  }
  if (http === undefined) return;
  const paths = path.child('http').child('paths');
  if (isEmpty(http.paths)) errors.required(paths);
  for (const [index, item] of (http.paths ?? []).entries()) checkPath(item, paths.index(index), errors);
}

function checkPath({ path = '', pathType, backend }: networking.HTTPIngressPath, fieldPath: FieldPath, errors: FieldErrors): void {
  const pathPath = fieldPath.child('path');
  if (pathType === undefined) {
    errors.required(fieldPath.child('pathType'), 'pathType must be specified');
    return;
  }
  const exact = pathType === 'Exact' || pathType === 'Prefix';
  if (!exact && pathType !== 'ImplementationSpecific') errors.notSupported(fieldPath.child('pathType'), pathType, PATH_TYPES);
  else if ((exact || path !== '') && !path.startsWith('/')) errors.invalid(pathPath, path, 'must be an absolute path');
  if (exact && path !== '') {
    for (const sequence of BAD_SEQUENCES) if (path.includes(sequence)) errors.invalid(pathPath, path, `must not contain '${sequence}'`);
    for (const suffix of BAD_SUFFIXES) if (path.endsWith(suffix)) errors.invalid(pathPath, path, `cannot end with '${suffix}'`);
  }
  checkBackend(backend ?? {}, fieldPath.child('backend'), errors);
}

function checkBackend({ resource, service }: networking.IngressBackend, path: FieldPath, errors: FieldErrors): void {
  if (resource !== undefined && service !== undefined) errors.invalid(path, '', 'cannot set both resource and service backends');
  else if (resource !== undefined) checkTypedReference(resource, path.child('resource'), errors);
  else if (service !== undefined) checkServiceBackend(service, path, errors);
  else errors.invalid(path, '', 'resource or service backend is required');
}

function checkServiceBackend({ name, port }: networking.IngressServiceBackend, path: FieldPath, errors: FieldErrors): void {
  const servicePath = path.child('service');
  if (!name) errors.required(servicePath.child('name'));
  else errors.invalidEach(servicePath.child('name'), name, isDns1123Label(name));
  const { name: portName, number } = port ?? {};
  if (portName && number) errors.invalid(path, '', 'cannot set both port name & port number');
  else if (portName) errors.invalidEach(servicePath.child('port').child('name'), portName, isValidPortName(portName));
  else if (number) errors.invalidEach(servicePath.child('port').child('number'), number, isValidPortNumber(number));
  else errors.required(path, 'port name or number is required');
}

export function checkTypedReference(
  { apiGroup, kind, name }: { readonly apiGroup?: string; readonly kind?: string; readonly name?: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (apiGroup !== undefined) checkDnsSubdomain(apiGroup, path.child('apiGroup'), errors);
  if (!kind) errors.required(path.child('kind'));
  else errors.invalidEach(path.child('kind'), kind, isValidPathSegmentName(kind));
  if (!name) errors.required(path.child('name'));
  else errors.invalidEach(path.child('name'), name, isValidPathSegmentName(name));
}

function checkStatus(next: Ingress, previous: Ingress, errors: FieldErrors): void {
  const known = previous.status?.loadBalancer?.ingress?.map(({ ip }) => ip ?? '') ?? [];
  for (const [index, { ip, hostname }] of (next.status?.loadBalancer?.ingress ?? []).entries()) {
    const path = STATUS_PATH.child('loadBalancer').child('ingress').index(index);
    if (ip) checkLegacyIp(ip, path.child('ip'), errors, known);
    if (!hostname) continue;
    checkDnsSubdomain(hostname, path.child('hostname'), errors);
    if (parseIp(hostname) !== undefined) errors.invalid(path.child('hostname'), hostname, 'must be a DNS name, not an IP address');
  }
}
