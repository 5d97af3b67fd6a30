import type { Namespace, Pod, PodSpec } from '../../../kube/api/generated/core/v1.ts';
import { deepEqual } from '../../../kube/apimachinery/json.ts';
import { fieldInvalid } from '../../../kube/apimachinery/field-error.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { newInvalid } from '../../../kube/apimachinery/status-errors.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { podSecurityViolations, type PodParts } from './pod-security-checks.ts';
import type { PodSecurityMetrics } from './pod-security-metrics.ts';
import { existingPodWarnings, LABEL, LEVELS, nameOf, podSecurityPolicy, VERSION, type LevelVersion } from './pod-security-policy.ts';
import { forbidden } from './refusal.ts';

const MODES = ['enforce', 'audit', 'warn'];
const WORKLOADS = new Set(['podtemplates', 'replicationcontrollers', 'replicasets.apps', 'deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'jobs.batch', 'cronjobs.batch']);

/** The Pod Security Standards as the namespace's labels ask for them; workloads are only warned about. */
export function podSecurity(reader: ObjectReader, metrics?: PodSecurityMetrics): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    handles: ({ operation, subresource, group, resource }) => {
      if (operation !== 'CREATE' && operation !== 'UPDATE') return false;
      if (group === '' && resource === 'namespaces') return subresource === '';
      if (group === '' && resource === 'pods') return subresource === '' || subresource === 'ephemeralcontainers';
      return subresource === '' && WORKLOADS.has(group === '' ? resource : `${resource}.${group}`);
    },
    async validate(attributes) {
      if (attributes.resource === 'namespaces') return checkNamespace(reader, attributes);
      const namespace = await reader.get<Namespace>({ group: '', resource: 'namespaces' }, { name: attributes.namespace });
      const policy = podSecurityPolicy(namespace?.metadata.labels ?? {});
      const parts = partsOf(attributes);
      if (!parts) return;
      const isPod = attributes.resource === 'pods';
      if (isPod && attributes.operation === 'UPDATE' && deepEqual(parts.spec, (attributes.oldObject as Pod).spec)) return;
      if (isPod) attributes.annotate?.(`${LABEL}enforce-policy`, nameOf(policy.enforce));
      const enforced = isPod ? describe(policy.enforce, parts) : undefined;
      if (isPod) metrics?.evaluated(enforced === undefined ? 'allow' : 'deny', { mode: 'enforce', policy: policy.enforce, attributes });
      const audited = describe(policy.audit, parts);
      if (audited) {
        metrics?.evaluated('deny', { mode: 'audit', policy: policy.audit, attributes });
        attributes.annotate?.(`${LABEL}audit-violations`, `would violate PodSecurity ${audited}`);
      }
      if (enforced) throw forbidden(attributes, `violates PodSecurity ${enforced}`);
      const warned = describe(policy.warn, parts);
      if (warned) {
        metrics?.evaluated('deny', { mode: 'warn', policy: policy.warn, attributes });
        attributes.warn(`would violate PodSecurity ${warned}`);
      }
    },
  };
}

async function checkNamespace(reader: ObjectReader, attributes: AdmissionAttributes): Promise<void> {
  checkLabels(attributes);
  const { object, oldObject, operation, warn } = attributes;
  if (operation !== 'UPDATE' || !object || !oldObject) return;
  const { enforce } = podSecurityPolicy(object.metadata.labels ?? {});
  const before = podSecurityPolicy(oldObject.metadata.labels ?? {}).enforce;
  const isStricter = LEVELS.indexOf(enforce.level) > LEVELS.indexOf(before.level);
  if (enforce.level === 'privileged' || (enforce.version === before.version && !isStricter)) return;
  const pods = await reader.list<Pod>({ group: '', resource: 'pods' }, object.metadata.name);
  for (const warning of existingPodWarnings({ namespace: object.metadata.name, enforce }, pods)) warn(warning);
}

/** A namespace cannot ask for a level or version that there is none of; what was there before stays. */
function checkLabels({ object, oldObject }: AdmissionAttributes): void {
  const labels = object?.metadata.labels ?? {};
  const errors = MODES.flatMap((mode) => {
    const [level, version] = [labels[LABEL + mode], labels[`${LABEL}${mode}-version`]];
    const path = `metadata.labels[${LABEL}${mode}`;
    return [
      ...(level === undefined || (LEVELS as readonly string[]).includes(level) ? [] : [fieldInvalid(`${path}]`, level, `must be one of ${LEVELS.join(', ')}`)]),
      ...(version === undefined || VERSION.test(version) ? [] : [fieldInvalid(`${path}-version]`, version, 'must be "latest" or "v1.x"')]),
    ];
  });
  if (errors.length > 0 && !deepEqual(labels, oldObject?.metadata.labels)) throw newInvalid({ group: '', kind: 'Namespace' }, object?.metadata.name ?? '', errors);
}

/** `"restricted:latest": host namespaces (hostNetwork=true), …`; undefined when all is well. */
function describe(asked: LevelVersion, parts: PodParts): string | undefined {
  const violations = podSecurityViolations(asked, parts);
  if (violations.length === 0) return undefined;
  return `${JSON.stringify(nameOf(asked))}: ${violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ')}`;
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
