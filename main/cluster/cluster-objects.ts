import type { KubernetesObject } from '../../kube/apimachinery/object-meta.ts';
import type { Resource } from '../../kube/apimachinery/gvr.ts';
import { isNotFound } from '../../kube/apimachinery/status.ts';
import type { Client } from '../../kube/client/client.ts';
import { configmaps, services } from '../../kube/api/generated/core/v1.ts';
import { clusterrolebindings } from '../../kube/api/generated/rbac/v1.ts';
import { addresses } from './addresses.ts';

/** Objects that a cluster installer adds to what the control plane itself makes (upstream: kubeadm's phases). */
const objects: readonly { readonly resource: Resource<never>; readonly object: object }[] = [
  entry(clusterrolebindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'coracle-node-bootstrapper' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node-bootstrapper' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:bootstrappers' }],
  }),
  // Every node answers the cluster DNS address itself, so the Service has no selector and no endpoints.
  entry(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' } },
    spec: { type: 'ClusterIP', clusterIP: addresses.clusterDNS, ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 }, { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 }] },
  }),
  entry(configmaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'cluster-info', namespace: 'kube-public', labels: { 'app.kubernetes.io/managed-by': 'coracle' } },
    data: { clusterDomain: addresses.clusterDomain, serviceCIDR: addresses.serviceCIDR, clusterCIDR: addresses.clusterCIDR },
  }),
];

/** Bindings that clusters of earlier versions have: this one let every kubelet read what kube-proxy reads. */
const obsoleteBindings = ['coracle-node-proxier'];

/** Makes what is missing; what is there, changed by the user or not, stays. */
export async function ensureClusterObjects(client: Client): Promise<void> {
  await Promise.all(obsoleteBindings.map((name) => client.delete(clusterrolebindings, { name }).catch(unlessNotFound)));
  await Promise.all(
    objects.map(async ({ resource, object }) => {
      const { name, namespace } = (object as KubernetesObject).metadata;
      // Looked up first: creating a Service anew fails on its address, which it holds itself, before its name is compared.
      const found = await client.get(resource, { name, ...(namespace === undefined ? {} : { namespace }) }).catch(unlessNotFound);
      if (found === undefined) await client.create(resource, object as never);
    }),
  );
}

function unlessNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

function entry<T extends KubernetesObject>(resource: Resource<T>, object: Partial<T> & KubernetesObject): { resource: Resource<never>; object: object } {
  return { resource: resource as Resource<never>, object };
}
