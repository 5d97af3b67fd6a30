import type { Binding, Pod } from '../../../../kube/api/generated/core/v1.ts';
import { failureStatus, StatusError, type Status } from '../../../../kube/apimachinery/status.ts';
import { newBadRequest, newConflict, newNotFound } from '../../../../kube/apimachinery/status-errors.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { timestamp } from '../../registry/generic/deletion.ts';
import type { Registry } from '../../registry/generic/registry.ts';
import { answerValue } from '../answer.ts';
import { readObject } from '../body.ts';
import type { SpecialEndpoint } from '../dispatch.ts';
import type { ApiResponse } from '../request.ts';
import { admissionAttributes, checkBodyNamespace, writeContextOf, writeQueryOf, type ResourceRequest } from '../resource-request.ts';

const BINDING_KIND = { group: '', version: 'v1', kind: 'Binding' };
const BINDING_RESOURCE = { group: '', resource: 'pods/binding' };
export const createdStatus = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as const satisfies Status;

/** pods/binding and the older bindings: assigns a pod to a node (upstream: registry/core/pod/storage BindingREST). */
export function bindingEndpoint(pods: () => Registry): SpecialEndpoint {
  return async (special) => {
    const request = { ...special, registry: pods() };
    const query = writeQueryOf(request, 'CreateOptions');
    const binding = (await readObject(special.context, { expected: BINDING_KIND, fieldValidation: query.fieldValidation })) as Binding;
    checkBodyNamespace(binding as KubernetesObject, request);
    const admitted = await admit(request, binding, query.dryRun);
    await assign(request, admitted, query.dryRun);
    return answerValue(special.media, createdStatus, 201);
  };
}

async function admit(request: ResourceRequest, object: Binding, dryRun: boolean): Promise<Binding> {
  const { admission, context } = request;
  const attributes = admissionAttributes(request, { operation: 'CREATE', object: object as KubernetesObject, dryRun });
  const binding = (await admission.mutate({ ...attributes, object: object as KubernetesObject })) as Binding;
  if (context.info.name !== '' && binding.metadata.name !== context.info.name) throw newBadRequest('name in URL does not match name in Binding object');
  validateTarget(binding);
  await admission.validate({ ...attributes, object: binding as KubernetesObject });
  return binding;
}

function validateTarget({ target }: Binding): void {
  const kind = target?.kind ?? '';
  if (kind !== '' && kind !== 'Node') throw plainError(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  if (!target?.name) throw plainError('target.name: Required value');
}

function plainError(message: string): StatusError {
  return new StatusError(failureStatus({ code: 500, reason: '', message }));
}

async function assign(request: ResourceRequest, binding: Binding, dryRun: boolean): Promise<ApiResponse | undefined> {
  const { registry, context, clock } = request;
  const { name, namespace = context.info.namespace, annotations, labels, uid } = binding.metadata;
  const nodeName = binding.target?.name ?? '';
  const refuse = (reason: string): StatusError => newConflict(BINDING_RESOURCE, name, reason);
  await registry.update({ namespace, name }, { ...writeContextOf(request, { dryRun }), subresource: 'binding' }, {
    change(current) {
      const pod = current as Pod | undefined;
      if (!pod) throw newNotFound(registry.resource, name);
      if (uid && uid !== pod.metadata.uid) throw refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`);
      if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
      if (pod.spec?.nodeName) throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
      if (pod.spec?.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
      return bound(pod, { nodeName, annotations, labels, now: timestamp(clock.now()) }) as KubernetesObject;
    },
  });
  return undefined;
}

function bound(pod: Pod, { nodeName, annotations, labels, now }: { nodeName: string; annotations: Record<string, string> | undefined; labels: Record<string, string> | undefined; now: string }): Pod {
  const conditions = pod.status?.conditions ?? [];
  const scheduled = conditions.find((condition) => condition.type === 'PodScheduled');
  const next = { type: 'PodScheduled', status: 'True', lastTransitionTime: scheduled?.status === 'True' ? (scheduled.lastTransitionTime ?? now) : now };
  const metadata = { ...pod.metadata };
  if (annotations) metadata.annotations = { ...metadata.annotations, ...annotations };
  if (labels) metadata.labels = { ...metadata.labels, ...labels };
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec, nodeName } as NonNullable<Pod['spec']>,
    status: { ...pod.status, conditions: scheduled ? conditions.map((condition) => (condition === scheduled ? next : condition)) : [...conditions, next] },
  };
}
