import type { GroupVersion, GroupVersionKind } from '../apimachinery/gvr.ts';

/**
 * Every resource that the API server serves out of the box (Kubernetes 1.36, alpha and beta versions off as upstream).
 * Groups stand in upstream's priority order, the preferred version of a group first.
 *
 * `group/version`, then per resource: plural, kind, n(amespaced) or c(luster), verbs, short names, categories, storage
 * version hash; under it its subresources: name, kind (`group/version/Kind` when foreign), verbs.
 * Verbs: c create, d delete, x deletecollection, g get, l list, p patch, u update, w watch; `*` is all of them; `-` is nothing.
 */
const table = `
core/v1
  bindings Binding n c - - -
  componentstatuses ComponentStatus c gl cs - -
  configmaps ConfigMap n * cm - qFsyl6wFWjQ=
  endpoints Endpoints n * ep - fWeeMqaN/OA=
  events Event n * ev - r2yiGXH7wu8=
  limitranges LimitRange n * limits - EBKMFVe6cwo=
  namespaces Namespace c cdglpuw ns - Q3oi5N2YM8M=
    finalize Namespace u
    status Namespace gpu
  nodes Node c * no - XwShjMxG9Fs=
    proxy NodeProxyOptions cdgpu
    status Node gpu
  persistentvolumeclaims PersistentVolumeClaim n * pvc - QWTyNDq0dC4=
    status PersistentVolumeClaim gpu
  persistentvolumes PersistentVolume c * pv - HN/zwEC+JgM=
    status PersistentVolume gpu
  pods Pod n * po all xPOwRZ+Yhw8=
    attach PodAttachOptions cg
    binding Binding c
    ephemeralcontainers Pod gpu
    eviction policy/v1/Eviction c
    exec PodExecOptions cg
    log Pod g
    portforward PodPortForwardOptions cg
    proxy PodProxyOptions cdgpu
    resize Pod gpu
    status Pod gpu
  podtemplates PodTemplate n * - - LIXB2x4IFpk=
  replicationcontrollers ReplicationController n * rc all Jond2If31h0=
    scale autoscaling/v1/Scale gpu
    status ReplicationController gpu
  resourcequotas ResourceQuota n * quota - 8uhSgffRX6w=
    status ResourceQuota gpu
  secrets Secret n * - - S6u1pOWzb84=
  serviceaccounts ServiceAccount n * sa - pbx9ZvyFpBE=
    token authentication.k8s.io/v1/TokenRequest c
  services Service n * svc all 0/CO1lhkEBI=
    proxy ServiceProxyOptions cdgpu
    status Service gpu
apiregistration.k8s.io/v1
  apiservices APIService c * - api-extensions InPBPD7+PqM=
    status APIService gpu
apps/v1
  controllerrevisions ControllerRevision n * - - 85nkx63pcBU=
  daemonsets DaemonSet n * ds all dd7pWHUlMKQ=
    status DaemonSet gpu
  deployments Deployment n * deploy all 8aSe+NMegvE=
    scale autoscaling/v1/Scale gpu
    status Deployment gpu
  replicasets ReplicaSet n * rs all P1RzHs8/mWQ=
    scale autoscaling/v1/Scale gpu
    status ReplicaSet gpu
  statefulsets StatefulSet n * sts all H+vl74LkKdo=
    scale autoscaling/v1/Scale gpu
    status StatefulSet gpu
events.k8s.io/v1
  events Event n * ev - r2yiGXH7wu8=
authentication.k8s.io/v1
  selfsubjectreviews SelfSubjectReview c c - - -
  tokenreviews TokenReview c c - - -
authorization.k8s.io/v1
  localsubjectaccessreviews LocalSubjectAccessReview n c - - -
  selfsubjectaccessreviews SelfSubjectAccessReview c c - - -
  selfsubjectrulesreviews SelfSubjectRulesReview c c - - -
  subjectaccessreviews SubjectAccessReview c c - - -
autoscaling/v2
  horizontalpodautoscalers HorizontalPodAutoscaler n * hpa all qwQve8ut294=
    status HorizontalPodAutoscaler gpu
autoscaling/v1
  horizontalpodautoscalers HorizontalPodAutoscaler n * hpa all qwQve8ut294=
    status HorizontalPodAutoscaler gpu
batch/v1
  cronjobs CronJob n * cj all sd5LIXh4Fjs=
    status CronJob gpu
  jobs Job n * - all mudhfqk/qZY=
    status Job gpu
certificates.k8s.io/v1
  certificatesigningrequests CertificateSigningRequest c * csr - 95fRKMXA+00=
    approval CertificateSigningRequest gpu
    status CertificateSigningRequest gpu
networking.k8s.io/v1
  ingressclasses IngressClass c * - - l/iqIbDgFyQ=
  ingresses Ingress n * ing - 39NQlfNR+bo=
    status Ingress gpu
  ipaddresses IPAddress c * ip - 3f/plJFChNE=
  networkpolicies NetworkPolicy n * netpol - YpfwF18m1G8=
  servicecidrs ServiceCIDR c * - - gNLvruQhW2g=
    status ServiceCIDR gpu
policy/v1
  poddisruptionbudgets PodDisruptionBudget n * pdb - EVWiDmWqyJw=
    status PodDisruptionBudget gpu
rbac.authorization.k8s.io/v1
  clusterrolebindings ClusterRoleBinding c * - - 48tpQ8gZHFc=
  clusterroles ClusterRole c * - - bYE5ZWDrJ44=
  rolebindings RoleBinding n * - - eGsCzGH6b1g=
  roles Role n * - - 7FuwZcIIItM=
storage.k8s.io/v1
  csidrivers CSIDriver c * - - hL6j/rwBV5w=
  csinodes CSINode c * - - Pe62DkZtjuo=
  csistoragecapacities CSIStorageCapacity n * - - xeVl+2Ly1kE=
  storageclasses StorageClass c * sc - K+m6uJwbjGY=
  volumeattachments VolumeAttachment c * - - tJx/ezt6UDU=
    status VolumeAttachment gpu
  volumeattributesclasses VolumeAttributesClass c * vac - tIjydgKBC5w=
admissionregistration.k8s.io/v1
  mutatingadmissionpolicies MutatingAdmissionPolicy c * - api-extensions LYmCf+UMVdg=
  mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding c * - api-extensions 90V5FRZZ3Zg=
  mutatingwebhookconfigurations MutatingWebhookConfiguration c * - api-extensions Sqi0GUgDaX0=
  validatingadmissionpolicies ValidatingAdmissionPolicy c * - api-extensions 6OxvlMmQ6is=
    status ValidatingAdmissionPolicy gpu
  validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding c * - api-extensions v9715VZqakg=
  validatingwebhookconfigurations ValidatingWebhookConfiguration c * - api-extensions B0wHjQmsGNk=
apiextensions.k8s.io/v1
  customresourcedefinitions CustomResourceDefinition c * crd,crds api-extensions jfWCUB31mvA=
    status CustomResourceDefinition gpu
scheduling.k8s.io/v1
  priorityclasses PriorityClass c * pc - 1QwjyaZjj3Y=
coordination.k8s.io/v1
  leases Lease n * - - gqkMMb/YqFM=
node.k8s.io/v1
  runtimeclasses RuntimeClass c * - - WQTu1GL3T2Q=
discovery.k8s.io/v1
  endpointslices EndpointSlice n * - - qgS0xkrxYAI=
resource.k8s.io/v1
  deviceclasses DeviceClass c * - - Yk2PTc1Ybxk=
  resourceclaims ResourceClaim n * - - wgAZaHcZxUg=
    status ResourceClaim gpu
  resourceclaimtemplates ResourceClaimTemplate n * - - TuzjC49aUfM=
  resourceslices ResourceSlice c * - - KsC072WgaEY=
flowcontrol.apiserver.k8s.io/v1
  flowschemas FlowSchema c * - - GJVAJZSZBIw=
    status FlowSchema gpu
  prioritylevelconfigurations PriorityLevelConfiguration c * - - Kir5PVfvNeI=
    status PriorityLevelConfiguration gpu
`;

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export interface SubresourceInfo {
  readonly name: string;
  /** Of the body: `policy/v1 Eviction` for pods/eviction. */
  readonly kind: GroupVersionKind;
  readonly verbs: readonly Verb[];
}

export interface ResourceInfo extends GroupVersionKind {
  readonly resource: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** '' for resources that are not stored. */
  readonly storageVersionHash: string;
  readonly subresources: readonly SubresourceInfo[];
  /** Defined by a CustomResourceDefinition. */
  readonly isCustom?: boolean;
}

export interface GroupVersionInfo extends GroupVersion {
  readonly resources: readonly ResourceInfo[];
}

const verbOf: Readonly<Record<string, Verb>> = {
  c: 'create',
  d: 'delete',
  x: 'deletecollection',
  g: 'get',
  l: 'list',
  p: 'patch',
  u: 'update',
  w: 'watch',
};

function verbs(letters: string): readonly Verb[] {
  if (letters === '-') return [];
  return [...(letters === '*' ? 'cdxglpuw' : letters)].flatMap((letter) => verbOf[letter] ?? []);
}

function names(text: string): readonly string[] {
  return text === '-' ? [] : text.split(',');
}

function kindOf(text: string, own: GroupVersion): GroupVersionKind {
  const [group, version, kind] = text.split('/');
  if (group !== undefined && version !== undefined && kind !== undefined) return { group, version, kind };
  return { group: own.group, version: own.version, kind: text };
}

function parseResource(words: readonly string[], own: GroupVersion, subresources: SubresourceInfo[]): ResourceInfo {
  const [resource = '', kind = '', scope = '', verbText = '', shortNames = '', categories = '', hash = ''] = words;
  return {
    ...own,
    resource,
    kind,
    // The one plural that is its own singular.
    singular: resource === 'endpoints' ? 'endpoints' : kind.toLowerCase(),
    namespaced: scope === 'n',
    verbs: verbs(verbText),
    shortNames: names(shortNames),
    categories: names(categories),
    storageVersionHash: hash === '-' ? '' : hash,
    subresources,
  };
}

function parse(text: string): readonly GroupVersionInfo[] {
  const groups: (GroupVersion & { resources: ResourceInfo[] })[] = [];
  let subresources: SubresourceInfo[] = [];
  for (const line of text.split('\n')) {
    const words = line.trim().split(' ');
    const current = groups.at(-1);
    if (line === '') continue;
    if (!line.startsWith(' ')) {
      const slash = line.lastIndexOf('/');
      const group = line.slice(0, slash);
      groups.push({ group: group === 'core' ? '' : group, version: line.slice(slash + 1), resources: [] });
    } else if (current && line.startsWith('    ')) {
      const [name = '', kind = '', verbText = ''] = words;
      subresources.push({ name, kind: kindOf(kind, current), verbs: verbs(verbText) });
    } else if (current) {
      subresources = [];
      current.resources.push(parseResource(words, { group: current.group, version: current.version }, subresources));
    }
  }
  return groups;
}

let parsed: readonly GroupVersionInfo[] | undefined;

/** The served group versions in priority order; parsed once, shared: do not change. */
export function servedGroupVersions(): readonly GroupVersionInfo[] {
  return (parsed ??= parse(table));
}

export function findResource(group: string, version: string, resource: string): ResourceInfo | undefined {
  const served = servedGroupVersions().find((candidate) => candidate.group === group && candidate.version === version);
  return served?.resources.find((candidate) => candidate.resource === resource);
}
