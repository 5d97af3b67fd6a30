import type {
  MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, MutatingWebhookConfiguration, ParamKind, ParamRef, ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration,
} from '../../../../kube/api/generated/admissionregistration/v1.ts';
import type { LabelSelector } from '../../../../kube/api/generated/meta/v1.ts';
import type { APIService } from '../../../../kube/api/generated/apiregistration/v1.ts';
import type { CertificateSigningRequest } from '../../../../kube/api/generated/certificates/v1.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../../../kube/api/generated/flowcontrol/v1.ts';
import type { ClusterRoleBinding, RoleBinding, Subject } from '../../../../kube/api/generated/rbac/v1.ts';
import { humanDuration } from '../../../../kube/apimachinery/duration.ts';
import { AGE, age, NAME, NONE, type Printer, printer, UNSET } from './printer.ts';

function subjects(list: readonly Subject[] | undefined, kind: string): string {
  const names = (list ?? []).filter((subject) => subject.kind === kind);
  return names.map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name)).join(', ');
}

function bindingPrinter(kind: 'RoleBinding' | 'ClusterRoleBinding'): Printer {
  const text = kind === 'RoleBinding' ? 'roleBinding' : 'clusterRoleBinding';
  const reach = kind === 'RoleBinding' ? 'reference a Role in the current namespace or' : 'only reference';
  const role = `RoleRef can ${reach} a ClusterRole in the global namespace. If the RoleRef cannot be resolved, the Authorizer must return an error.`;
  return printer<RoleBinding | ClusterRoleBinding>({
    columns: [
      NAME, `Role|string|0|${role}`, AGE, `Users|string|1|Users in the ${text}`, `Groups|string|1|Groups in the ${text}`,
      `ServiceAccounts|string|1|ServiceAccounts in the ${text}`,
    ],
    cells: (object, context) => [
      object.metadata.name, `${object.roleRef.kind}/${object.roleRef.name}`, age(object, context), subjects(object.subjects, 'User'),
      subjects(object.subjects, 'Group'), subjects(object.subjects, 'ServiceAccount'),
    ],
  });
}

export const roleBindingPrinter = bindingPrinter('RoleBinding');
export const clusterRoleBindingPrinter = bindingPrinter('ClusterRoleBinding');

function csrCondition({ status }: CertificateSigningRequest): string {
  const types = new Set(status?.conditions?.map(({ type }) => type));
  const decision = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending';
  return `${decision}${types.has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`;
}

/** The columns have kept the texts of v1beta1. */
const SIGNER_NAME = [
  'Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will be defaulted:',
  ' 1. If it\'s a kubelet client certificate, it is assigned\n    "kubernetes.io/kube-apiserver-client-kubelet".',
  ' 2. If it\'s a kubelet serving certificate, it is assigned\n    "kubernetes.io/kubelet-serving".',
  ' 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".',
  'Distribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.',
].join('\n');

export const certificateSigningRequestPrinter = printer<CertificateSigningRequest>({
  columns: [
    NAME, AGE, `SignerName|string|0|${SIGNER_NAME}`, 'Requestor|string|0|Base64-encoded PKCS#10 CSR data',
    'RequestedDuration|string|0|@certificates/v1.CertificateSigningRequestSpec.expirationSeconds',
    'Condition|string|0|Conditions applied to the request, such as approval or denial.',
  ],
  cells(object, context) {
    const { signerName, username, expirationSeconds } = object.spec;
    const duration = expirationSeconds === undefined ? NONE : humanDuration(expirationSeconds * 1000);
    return [object.metadata.name, age(object, context), signerName || NONE, username ?? '', duration, csrCondition(object)];
  },
});


function paramKindText(paramKind: ParamKind | undefined): string {
  return paramKind ? `${paramKind.apiVersion}/${paramKind.kind}` : UNSET;
}

function paramRefText(paramRef: ParamRef | undefined): string {
  if (!paramRef) return UNSET;
  const { name, namespace, selector } = paramRef;
  if (name) return namespace ? `${namespace}/${name}` : `*/${name}`;
  return selector === undefined ? UNSET : goSelectorText(selector);
}

/** `&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}`: upstream prints its type. */
function goSelectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}: ${value},`);
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`);
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}

export const validatingAdmissionPolicyPrinter = printer<ValidatingAdmissionPolicy>({
  columns: [
    NAME, 'Validations|integer|0|Validations indicates the number of validation rules defined in this configuration',
    'ParamKind|string|0|ParamKind specifies the kind of resources used to parameterize this policy', AGE,
  ],
  cells: (object, context) => [object.metadata.name, object.spec.validations?.length ?? 0, paramKindText(object.spec.paramKind), age(object, context)],
});

export const mutatingAdmissionPolicyPrinter = printer<MutatingAdmissionPolicy>({
  columns: [
    NAME, 'Mutations|integer|0|Mutation indicates the number of mutations rules defined in this configuration',
    'ParamKind|string|0|ParamKind specifies the kind of resources used to parameterize this policy', AGE,
  ],
  cells: (object, context) => [object.metadata.name, object.spec.mutations?.length ?? 0, paramKindText(object.spec.paramKind), age(object, context)],
});

export const admissionPolicyBindingPrinter = printer<ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding>({
  columns: [
    NAME, 'PolicyName|string|0|PolicyName indicates the policy definition which the policy binding binded to',
    'ParamRef|string|0|ParamRef indicates the param resource which sets the configuration param', AGE,
  ],
  cells: (object, context) => [object.metadata.name, object.spec.policyName ?? '', paramRefText(object.spec.paramRef), age(object, context)],
});

export const flowSchemaPrinter = printer<FlowSchema>({
  inOrder: (a, b) => (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0),
  columns: [
    NAME, 'PriorityLevel|string|0|@flowcontrol/v1.PriorityLevelConfigurationReference.name', 'MatchingPrecedence|string|0|@flowcontrol/v1.FlowSchemaSpec.matchingPrecedence',
    'DistinguisherMethod|string|0|@flowcontrol/v1.FlowSchemaSpec.distinguisherMethod', AGE,
    'MissingPL|string|0|references a broken or non-existent PriorityLevelConfiguration',
  ],
  cells(object, context) {
    const { priorityLevelConfiguration, matchingPrecedence, distinguisherMethod } = object.spec;
    const dangling = object.status?.conditions?.find(({ type }) => type === 'Dangling')?.status;
    return [
      object.metadata.name, priorityLevelConfiguration.name, matchingPrecedence ?? 0, distinguisherMethod?.type ?? NONE, age(object, context),
      dangling ?? '?',
    ];
  },
});

export const priorityLevelConfigurationPrinter = printer<PriorityLevelConfiguration>({
  columns: [
    NAME, 'Type|string|0|@flowcontrol/v1.PriorityLevelConfigurationSpec.type',
    'NominalConcurrencyShares|string|0|@flowcontrol/v1.LimitedPriorityLevelConfiguration.nominalConcurrencyShares',
    'Queues|string|0|@flowcontrol/v1.QueuingConfiguration.queues', 'HandSize|string|0|@flowcontrol/v1.QueuingConfiguration.handSize',
    'QueueLengthLimit|string|0|@flowcontrol/v1.QueuingConfiguration.queueLengthLimit', AGE,
  ],
  cells(object, context) {
    const { type, limited } = object.spec;
    const queuing = limited?.limitResponse?.queuing;
    return [
      object.metadata.name, type, limited?.nominalConcurrencyShares ?? NONE, queuing?.queues ?? NONE, queuing?.handSize ?? NONE, queuing?.queueLengthLimit ?? NONE,
      age(object, context),
    ];
  },
});

export const apiServicePrinter = printer<APIService>({
  columns: [NAME, 'Service|string|0|The reference to the service that hosts this API endpoint.', 'Available|string|0|Whether this service is available.', AGE],
  cells(object, context) {
    const { service } = object.spec;
    const available = object.status?.conditions?.find(({ type }) => type === 'Available');
    const isReason = available !== undefined && available.status !== 'True' && available.reason !== undefined;
    return [
      object.metadata.name, service ? `${service.namespace}/${service.name}` : 'Local',
      isReason ? `${available.status} (${available.reason})` : (available?.status ?? 'Unknown'), age(object, context),
    ];
  },
});

export const webhookConfigurationPrinter = printer<ValidatingWebhookConfiguration | MutatingWebhookConfiguration>({
  columns: [NAME, 'Webhooks|integer|0|Webhooks indicates the number of webhooks registered in this configuration', AGE],
  cells: (object, context) => [object.metadata.name, object.webhooks?.length ?? 0, age(object, context)],
});
