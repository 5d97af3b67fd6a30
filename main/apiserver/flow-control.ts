import type { Transport } from '../../kube/client/transport.ts';
import type { RequestContext } from './endpoints/request.ts';
import type { ResourceCatalog } from './registry/catalog.ts';
import { ensure } from './start-objects.ts';

/**
 * The default flow schemas and priority levels (upstream: apis/flowcontrol/bootstrap/default.go), and which of them a request falls into.
 * Requests are told apart and labelled so; queueing by level comes later, a plain limit holds until then.
 */
const GROUP = 'flowcontrol.apiserver.k8s.io';
const API_VERSION = `${GROUP}/v1`;
const ANNOTATIONS = { 'apf.kubernetes.io/autoupdate-spec': 'true' };

/** name, nominalConcurrencyShares, lendablePercent, queues handSize queueLengthLimit (none: rejects). */
const LEVELS = [
  ['system', 30, 33, [64, 6, 50]],
  ['node-high', 40, 25, [64, 6, 50]],
  ['leader-election', 10, 0, [16, 4, 50]],
  ['workload-high', 40, 50, [128, 6, 50]],
  ['workload-low', 100, 90, [128, 6, 50]],
  ['global-default', 20, 50, [128, 6, 50]],
  ['catch-all', 5, 0, undefined],
] as const;

type Subject = { readonly kind: 'Group'; readonly group: { readonly name: string } } | { readonly kind: 'User'; readonly user: { readonly name: string } } | { readonly kind: 'ServiceAccount'; readonly serviceAccount: { readonly namespace: string; readonly name: string } };
const group = (name: string): Subject => ({ kind: 'Group', group: { name } });
const user = (name: string): Subject => ({ kind: 'User', user: { name } });
const account = (name: string): Subject => ({ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name } });

const ANY = ['*'];
const anything = { verbs: ANY, apiGroups: ANY, resources: ANY, clusterScope: true, namespaces: ANY };
const anyPath = { verbs: ANY, nonResourceURLs: ANY };
const leases = (namespaces: readonly string[]) => [{ verbs: ['get', 'create', 'update'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces }];

interface Schema {
  readonly name: string;
  readonly level: string;
  readonly precedence: number;
  readonly byUser?: boolean;
  readonly subjects: readonly Subject[];
  readonly resources?: readonly object[];
  readonly paths?: readonly object[];
}

const SCHEMAS: readonly Schema[] = [
  { name: 'exempt', level: 'exempt', precedence: 1, subjects: [group('system:masters')], resources: [anything], paths: [anyPath] },
  { name: 'probes', level: 'exempt', precedence: 2, subjects: [group('system:unauthenticated'), group('system:authenticated')], paths: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] },
  { name: 'system-leader-election', level: 'leader-election', precedence: 100, byUser: true, subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), group('system:serviceaccounts:kube-system')], resources: leases(['*']) },
  {
    name: 'endpoint-controller', level: 'workload-high', precedence: 150, byUser: true,
    subjects: [user('system:kube-controller-manager'), account('endpoint-controller'), account('endpointslicemirroring-controller')],
    resources: [{ verbs: ['get', 'create', 'update'], apiGroups: [''], resources: ['endpoints'], namespaces: ANY }],
  },
  { name: 'workload-leader-election', level: 'leader-election', precedence: 200, byUser: true, subjects: [account('*')], resources: leases(['*']) },
  { name: 'system-node-high', level: 'node-high', precedence: 400, byUser: true, subjects: [group('system:nodes')], resources: [
    { verbs: ANY, apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ANY },
    { verbs: ANY, apiGroups: ['coordination.k8s.io'], resources: ['leases'], clusterScope: false, namespaces: ANY },
  ] },
  { name: 'system-nodes', level: 'system', precedence: 500, byUser: true, subjects: [group('system:nodes')], resources: [anything], paths: [anyPath] },
  { name: 'kube-controller-manager', level: 'workload-high', precedence: 800, subjects: [user('system:kube-controller-manager')], resources: [anything], paths: [anyPath] },
  { name: 'kube-scheduler', level: 'workload-high', precedence: 800, subjects: [user('system:kube-scheduler')], resources: [anything], paths: [anyPath] },
  { name: 'kube-system-service-accounts', level: 'workload-high', precedence: 900, subjects: [account('*')], resources: [anything], paths: [anyPath] },
  { name: 'service-accounts', level: 'workload-low', precedence: 9000, byUser: true, subjects: [group('system:serviceaccounts')], resources: [anything], paths: [anyPath] },
  { name: 'global-default', level: 'global-default', precedence: 9900, byUser: true, subjects: [group('system:unauthenticated'), group('system:authenticated')], resources: [anything], paths: [anyPath] },
  { name: 'catch-all', level: 'catch-all', precedence: 10_000, byUser: true, subjects: [group('system:unauthenticated'), group('system:authenticated')], resources: [anything], paths: [anyPath] },
];

export async function ensureFlowControl(transport: Transport): Promise<void> {
  const exempt = { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } };
  const levels = LEVELS.map(([name, nominalConcurrencyShares, lendablePercent, queues]) => {
    const limitResponse = queues
      ? { type: 'Queue', queuing: { queues: queues[0], handSize: queues[1], queueLengthLimit: queues[2] } }
      : { type: 'Reject' };
    return { name, spec: { type: 'Limited', limited: { nominalConcurrencyShares, lendablePercent, limitResponse } } };
  });
  for (const { name, spec } of [{ name: 'exempt', spec: exempt }, ...levels]) {
    const metadata = { name, annotations: ANNOTATIONS };
    await ensure(transport, `/apis/${API_VERSION}/prioritylevelconfigurations`, { apiVersion: API_VERSION, kind: 'PriorityLevelConfiguration', metadata, spec });
  }
  await Promise.all(SCHEMAS.map(({ name, level, precedence, byUser, subjects, resources, paths }) =>
    ensure(transport, `/apis/${API_VERSION}/flowschemas`, {
      apiVersion: API_VERSION, kind: 'FlowSchema', metadata: { name, annotations: ANNOTATIONS },
      spec: {
        priorityLevelConfiguration: { name: level }, matchingPrecedence: precedence,
        ...(byUser ? { distinguisherMethod: { type: 'ByUser' } } : {}),
        rules: [{ subjects, ...(resources ? { resourceRules: resources } : {}), ...(paths ? { nonResourceRules: paths } : {}) }],
      },
    })));
}

export interface Flow {
  readonly flowSchemaUid: string;
  readonly priorityLevelUid: string;
}

/** Reads the objects' uids once; the function then labels requests. */
export async function flowClassifier(catalog: ResourceCatalog): Promise<(context: RequestContext) => Flow | undefined> {
  const uids = async (resource: string): Promise<ReadonlyMap<string, string>> => {
    const list = await catalog.registry({ group: GROUP, resource })?.storage.list();
    return new Map(list?.items.map(({ name, object }) => [name, object.metadata.uid ?? '']));
  };
  const [schemas, levels] = await Promise.all([uids('flowschemas'), uids('prioritylevelconfigurations')]);
  const flows = new Map(SCHEMAS.map(({ name, level }) => [name, { flowSchemaUid: schemas.get(name) ?? '', priorityLevelUid: levels.get(level) ?? '' }]));
  return (context) => flows.get(schemaNameOf(context));
}

function schemaNameOf({ user: { name, groups }, info }: RequestContext): string {
  if (groups.includes('system:masters')) return 'exempt';
  if (!info.isResourceRequest && /^\/(healthz|livez|readyz)$/.test(info.path)) return 'probes';
  const isLease = info.resource === 'leases' && info.apiGroup === 'coordination.k8s.io';
  if (groups.includes('system:nodes')) return isLease || info.resource === 'nodes' ? 'system-node-high' : 'system-nodes';
  if (name === 'system:kube-controller-manager') return isLease ? 'system-leader-election' : 'kube-controller-manager';
  if (name === 'system:kube-scheduler') return isLease ? 'system-leader-election' : 'kube-scheduler';
  if (groups.includes('system:serviceaccounts:kube-system')) return isLease ? 'system-leader-election' : 'kube-system-service-accounts';
  return groups.includes('system:serviceaccounts') ? 'service-accounts' : 'global-default';
}
