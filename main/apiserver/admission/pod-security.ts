import type { Namespace, Pod, PodSpec } from '../../../kube/api/generated/core/v1.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import { fieldInvalid } from '../../../kube/apimachinery/field-error.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newInvalid } from '../../../kube/apimachinery/status-errors.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { podSecurityViolations, type Level, type PodParts } from './pod-security-checks.ts';
import { forbidden } from './refusal.ts';

const LABEL = 'pod-security.kubernetes.io/';
const MODES = ['enforce', 'audit', 'warn'];
const LEVELS = ['privileged', 'baseline', 'restricted'];
const VERSION = /^(latest|v1\.(0|[1-9]\d*))$/v;
const WORKLOADS = new Set(['podtemplates', 'replicationcontrollers', 'replicasets.apps', 'deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch', 'cronjobs.batch']);

/** The Pod Security Standards as the namespace's labels ask for them; workloads are only warned about. */
export function podSecurity(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    handles: ({ operation, subresource, group, resource }) => {
      if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
      if (group === '' && resource === 'namespaces') return subresource === '';
      if (group === '' && resource === 'pods') return subresource === '' || subresource === 'ephemeralcontainers';
      return subresource === '' && WORKLOADS.has(group === '' ? resource : `${resource}.${group}`);
    },
    async validate(attributes) {
      if (attributes.resource === 'namespaces') return checkLabels(attributes);
      const namespace = await reader.get<Namespace>({ group: '', resource: 'namespaces' }, { name: attributes.namespace });
      const labels = namespace?.metadata.labels ?? {};
      const parts = partsOf(attributes);
      if (!parts) return;
      const isPod = attributes.resource === 'pods';
      if (isPod && attributes.operation === 'UPDATE' && deepEqual(parts.spec, (attributes.oldObject as Pod).spec)) return;
      const enforced = isPod ? describe(labels, 'enforce', parts) : undefined;
      if (isPod) attributes.annotate?.(`${LABEL}enforce-policy`, `${labels[`${LABEL}enforce`] ?? 'privileged'}:${labels[`${LABEL}enforce-version`] ?? 'latest'}`);
      const audited = attributes.annotate && describe(labels, 'audit', parts);
      if (audited) attributes.annotate?.(`${LABEL}audit-violations`, `would violate PodSecurity ${audited}`);
      if (enforced) throw forbidden(attributes, `violates PodSecurity ${enforced}`);
      const warned = describe(labels, 'warn', parts);
      if (warned) attributes.warn(`would violate PodSecurity ${warned}`);
    },
  };
}

/** A namespace cannot ask for a level or version that there is none of; what was there before stays. */
function checkLabels({ object, oldObject }: AdmissionAttributes): void {
  const labels = object?.metadata.labels ?? {};
  const errors = MODES.flatMap((mode) => {
    const [level, version] = [labels[LABEL + mode], labels[`${LABEL}${mode}-version`]];
    const path = `metadata.labels[${LABEL}${mode}`;
    return [
      ...(level === undefined || LEVELS.includes(level) ? [] : [fieldInvalid(`${path}]`, level, `must be one of ${LEVELS.join(', ')}`)]),
      ...(version === undefined || VERSION.test(version) ? [] : [fieldInvalid(`${path}-version]`, version, 'must be "latest" or "v1.x"')]),
    ];
  });
  if (errors.length > 0 && !deepEqual(labels, oldObject?.metadata.labels)) throw newInvalid({ group: '', kind: 'Namespace' }, object?.metadata.name ?? '', errors);
}

/** `"restricted:latest": host namespaces (hostNetwork=true), …`; undefined when all is well. */
function describe(labels: Readonly<Record<string, string>>, mode: 'enforce' | 'audit' | 'warn', parts: PodParts): string | undefined {
  const level = labels[LABEL + mode] as Level | undefined;
  if (level !== 'baseline' && level !== 'restricted') return undefined;
  const violations = podSecurityViolations(level, parts);
  if (violations.length === 0) return undefined;
  const version = labels[`${LABEL}${mode}-version`] ?? 'latest';
  return `${JSON.stringify(`${level}:${version}`)}: ${violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')}`;
}

interface Templated extends KubernetesObject {
  readonly template?: PodParts;
  readonly spec?: { readonly template?: PodParts; readonly jobTemplate?: { readonly spec?: { readonly template?: PodParts } } };
}

function partsOf({ resource, object }: AdmissionAttributes): PodParts | undefined {
  if (resource === 'pods') {
    const pod = object as Pod;
    return pod.spec ? { metadata: pod.metadata, spec: pod.spec as PodSpec } : undefined;
  }
  const workload = object as Templated;
  const template = workload.template ?? workload.spec?.template ?? workload.spec?.jobTemplate?.spec?.template;
  return template?.spec ? template : undefined;
}
