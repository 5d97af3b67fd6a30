import type { FlowSchema, NonResourcePolicyRule, PriorityLevelConfiguration, ResourcePolicyRule, Subject } from '../../../kube/api/generated/flowcontrol/v1.ts';

/** The flow schemas and priority levels of every cluster (upstream: apis/flowcontrol/bootstrap/default.go, 1.36). */
export const FLOW_CONTROL_GROUP = 'flowcontrol.apiserver.k8s.io';
export const AUTO_UPDATE_ANNOTATION = 'apf.kubernetes.io/autoupdate-spec';
const API_VERSION = `${FLOW_CONTROL_GROUP}/v1`;

export interface BootstrapObjects {
  readonly levels: readonly PriorityLevelConfiguration[];
  readonly schemas: readonly FlowSchema[];
}

const metadataOf = (name: string): { name: string; annotations: Record<string, string> } => ({ name, annotations: { [AUTO_UPDATE_ANNOTATION]: 'true' } });

interface Limits {
  readonly shares: number;
  readonly lendablePercent: number;
  /** Absent: rejects. */
  readonly queuing?: { readonly queues: number; readonly handSize: number; readonly queueLengthLimit: number };
}

function level(name: string, { shares, lendablePercent, queuing }: Limits): PriorityLevelConfiguration {
  const limitResponse = queuing ? { type: 'Queue', queuing: { ...queuing } } : { type: 'Reject' };
  return { apiVersion: API_VERSION, kind: 'PriorityLevelConfiguration', metadata: metadataOf(name), spec: { type: 'Limited', limited: { nominalConcurrencyShares: shares, lendablePercent, limitResponse } } };
}

const queues = (count: number, handSize: number): Required<Limits>['queuing'] => ({ queues: count, handSize, queueLengthLimit: 50 });
const groups = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'Group', group: { name } }));
const users = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'User', user: { name } }));
const kubeSystemAccounts: Subject[] = [{ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name: '*' } }];
const everybody = groups('system:unauthenticated', 'system:authenticated');

const anything: ResourcePolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] };
const anyPath: NonResourcePolicyRule = { verbs: ['*'], nonResourceURLs: ['*'] };

interface SchemaInput {
  readonly level: string;
  readonly precedence: number;
  readonly by?: 'ByUser' | 'ByNamespace';
  readonly subjects: Subject[];
  /** Default: everything. */
  readonly resources?: ResourcePolicyRule[];
  readonly paths?: NonResourcePolicyRule[];
}

function schema(name: string, { level: levelName, precedence, by, subjects, resources, paths }: SchemaInput): FlowSchema {
  const all = resources === undefined && paths === undefined;
  const resourceRules = all ? [anything] : resources;
  const nonResourceRules = all ? [anyPath] : paths;
  return {
    apiVersion: API_VERSION, kind: 'FlowSchema', metadata: metadataOf(name),
    spec: {
      priorityLevelConfiguration: { name: levelName }, matchingPrecedence: precedence,
      ...(by ? { distinguisherMethod: { type: by } } : {}),
      rules: [{ subjects, ...(resourceRules ? { resourceRules } : {}), ...(nonResourceRules ? { nonResourceRules } : {}) }],
    },
  };
}

/** Without these the server cannot work: what is done to them is undone. */
export function mandatoryObjects(): BootstrapObjects {
  return {
    levels: [
      level('catch-all', { shares: 5, lendablePercent: 0 }),
      { apiVersion: API_VERSION, kind: 'PriorityLevelConfiguration', metadata: metadataOf('exempt'), spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } } },
    ],
    schemas: [
      schema('exempt', { level: 'exempt', precedence: 1, subjects: groups('system:masters') }),
      schema('catch-all', { level: 'catch-all', precedence: 10_000, by: 'ByUser', subjects: everybody }),
    ],
  };
}

/** A good beginning, which an administrator may change. */
export function suggestedObjects(): BootstrapObjects {
  return {
    levels: [
      level('system', { shares: 30, lendablePercent: 33, queuing: queues(64, 6) }),
      level('node-high', { shares: 40, lendablePercent: 25, queuing: queues(64, 6) }),
      level('leader-election', { shares: 10, lendablePercent: 0, queuing: queues(16, 4) }),
      level('workload-high', { shares: 40, lendablePercent: 50, queuing: queues(128, 6) }),
      level('workload-low', { shares: 100, lendablePercent: 90, queuing: queues(128, 6) }),
      level('global-default', { shares: 20, lendablePercent: 50, queuing: queues(128, 6) }),
    ],
    schemas: suggestedSchemas(),
  };
}

function suggestedSchemas(): FlowSchema[] {
  const controllerManager = 'system:kube-controller-manager';
  const scheduler = 'system:kube-scheduler';
  const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], clusterScope: false, namespaces: ['*'] };
  return [
    schema('system-nodes', { level: 'system', precedence: 500, by: 'ByUser', subjects: groups('system:nodes') }),
    schema('system-node-high', {
      level: 'node-high', precedence: 400, by: 'ByUser', subjects: groups('system:nodes'),
      resources: [{ ...anything, apiGroups: [''], resources: ['nodes', 'nodes/status'] }, { ...leases, verbs: ['*'] }],
    }),
    schema('probes', { level: 'exempt', precedence: 2, subjects: everybody, paths: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] }),
    schema('system-leader-election', {
      level: 'leader-election', precedence: 100, by: 'ByUser', subjects: [...users(controllerManager, scheduler), ...kubeSystemAccounts],
      resources: [{ ...leases, verbs: ['get', 'create', 'update'] }],
    }),
    schema('kube-controller-manager', { level: 'workload-high', precedence: 800, by: 'ByNamespace', subjects: users(controllerManager) }),
    schema('kube-scheduler', { level: 'workload-high', precedence: 800, by: 'ByNamespace', subjects: users(scheduler) }),
    schema('kube-system-service-accounts', { level: 'workload-high', precedence: 900, by: 'ByNamespace', subjects: kubeSystemAccounts }),
    schema('service-accounts', { level: 'workload-low', precedence: 9000, by: 'ByUser', subjects: groups('system:serviceaccounts') }),
    schema('global-default', { level: 'global-default', precedence: 9900, by: 'ByUser', subjects: everybody }),
  ];
}
