import type { Node } from '../../../../kube/api/generated/core/v1.ts';
import { deepEqual } from '../../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { forbidden } from '../refusal.ts';
import type { NodeRequest } from './node-restriction.ts';

/** Labels in Kubernetes' own domains that kubelets may set (upstream: k8s.io/kubelet/pkg/apis/well_known_labels.go). */
const KUBELET_LABELS = new Set([
  'kubernetes.io/hostname', 'topology.kubernetes.io/zone', 'topology.kubernetes.io/region', 'beta.kubernetes.io/instance-type', 'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region', 'beta.kubernetes.io/os', 'beta.kubernetes.io/arch', 'kubernetes.io/os', 'kubernetes.io/arch',
]);
const KUBELET_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const RESTRICTED_DOMAIN = 'node-restriction.kubernetes.io';

/** A kubelet registers and changes its own node, but nothing that steers pods to it. */
export function checkNode({ attributes, nodeName }: NodeRequest): void {
  const { operation, name, object, oldObject } = attributes;
  if (name !== nodeName) throw forbidden(attributes, `node "${nodeName}" is not allowed to modify node "${name}"`);
  if (operation === 'CREATE') {
    if ((object as Node).spec?.configSource) throw forbidden(attributes, `node "${nodeName}" is not allowed to create pods with a non-nil configSource`);
    const bad = forbiddenLabels(Object.keys(object?.metadata.labels ?? {}));
    if (bad.length > 0) throw forbidden(attributes, `node "${nodeName}" is not allowed to set the following labels: ${bad.join(', ')}`);
  }
  if (operation !== 'UPDATE') return;
  const [next, old] = [object as Node, oldObject as Node];
  if (next.spec?.configSource && !deepEqual(next.spec.configSource, old.spec?.configSource)) throw forbidden(attributes, `node "${nodeName}" is not allowed to update configSource to a new non-nil configSource`);
  if (!deepEqual(next.spec?.taints ?? [], old.spec?.taints ?? [])) throw forbidden(attributes, `node "${nodeName}" is not allowed to modify taints`);
  if (!deepEqual(next.metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? [])) throw forbidden(attributes, `node "${nodeName}" is not allowed to modify ownerReferences`);
  const bad = forbiddenLabels(changedLabels(next, old));
  if (bad.length > 0) throw forbidden(attributes, `is not allowed to modify labels: ${bad.join(', ')}`);
}

function changedLabels(next: KubernetesObject, old: KubernetesObject): string[] {
  const [after, before] = [next.metadata.labels ?? {}, old.metadata.labels ?? {}];
  return [...new Set([...Object.keys(after), ...Object.keys(before)])].filter((key) => after[key] !== before[key]);
}

function forbiddenLabels(keys: readonly string[]): string[] {
  return keys.filter((key) => {
    const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
    const isIn = (suffix: string): boolean => domain === suffix || domain.endsWith(`.${suffix}`);
    if (isIn(RESTRICTED_DOMAIN)) return true;
    if (!isIn('kubernetes.io') && !isIn('k8s.io')) return false;
    return !KUBELET_LABELS.has(key) && !KUBELET_DOMAINS.some(isIn);
  }).sort();
}
