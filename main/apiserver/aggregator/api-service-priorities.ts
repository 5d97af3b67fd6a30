/** Where a group version stands in discovery: groups by the first number, versions of one group by the second, larger first. */
export interface ApiServicePriority {
  readonly group: number;
  readonly version: number;
}

/** Kubernetes' own (upstream: controlplane/apiserver/aggregator.go and cmd/kube-apiserver/app/aggregator.go): group, its priority, versions with theirs. */
const TABLE = `
- 18000 v1:1
apps 17800 v1:15
events.k8s.io 17750 v1:15 v1beta1:5
authentication.k8s.io 17700 v1:15 v1beta1:9 v1alpha1:1
authorization.k8s.io 17600 v1:15
autoscaling 17500 v1:15 v2:30
batch 17400 v1:15 v1beta1:9
certificates.k8s.io 17300 v1:15 v1beta1:9 v1alpha1:1
networking.k8s.io 17200 v1:15 v1beta1:9
policy 17100 v1:15 v1beta1:9
rbac.authorization.k8s.io 17000 v1:15
storage.k8s.io 16800 v1:15 v1beta1:9 v1alpha1:1
apiextensions.k8s.io 16700 v1:15
admissionregistration.k8s.io 16700 v1:15 v1beta1:12 v1alpha1:9
scheduling.k8s.io 16600 v1:15 v1alpha2:2
coordination.k8s.io 16500 v1:15 v1beta1:13 v1alpha2:12
node.k8s.io 16300 v1:15 v1beta1:9 v1alpha1:1
discovery.k8s.io 16200 v1:15 v1beta1:12
resource.k8s.io 16200 v1:21 v1beta2:15 v1beta1:9 v1alpha3:1
flowcontrol.apiserver.k8s.io 16100 v1:21 v1beta3:18
internal.apiserver.k8s.io 16000 v1alpha1:9
storagemigration.k8s.io 15800 v1beta1:9
`;

/** Of every version of a CustomResourceDefinition. */
export const CUSTOM_RESOURCE_PRIORITY: ApiServicePriority = { group: 1000, version: 100 };

/** By `group/version`. The group apiregistration.k8s.io has none: it stands before all others. */
export function builtInPriorities(): ReadonlyMap<string, ApiServicePriority> {
  const rows = TABLE.trim().split('\n').map((line) => line.split(' '));
  return new Map(rows.flatMap(([name = '', groupPriority = '', ...versions]) => {
    const group = name === '-' ? '' : name;
    return versions.map((text) => {
      const [version = '', priority = ''] = text.split(':');
      return [`${group}/${version}`, { group: Number(groupPriority), version: Number(priority) }] as const;
    });
  }));
}
