import { statusWriteTracker } from '../../patch/apply/own-status-write.ts';
import type { Pod } from '../../../../kube/api/generated/core/v1.ts';
import type { Eviction, PodDisruptionBudget } from '../../../../kube/api/generated/policy/v1.ts';
import { requirementsOf, matchesLabels } from '../../../../kube/apimachinery/label-selector.ts';
import { fieldInvalid } from '../../../../kube/apimachinery/field-error.ts';
import { goValue } from '../../../../kube/apimachinery/go-format.ts';
import { deepEqual } from '../../../../kube/apimachinery/json.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { failureStatus, StatusError } from '../../../../kube/apimachinery/status.ts';
import { newBadRequest, newInvalid } from '../../../../kube/apimachinery/status-errors.ts';
import type { ObjectReader } from '../../authentication/object-reader.ts';
import { timestamp, type DeleteOptions } from '../../registry/generic/deletion.ts';
import type { Registry } from '../../registry/generic/registry.ts';
import { answerValue } from '../answer.ts';
import { readObject } from '../body.ts';
import type { SpecialEndpoint } from '../dispatch.ts';
import { admissionAttributes, checkBodyNamespace, nameTarget, writeContextOf, writeQueryOf, type ResourceRequest } from '../resource-request.ts';
import { createdStatus } from './binding.ts';

type EvictionWithOptions = Eviction & { readonly deleteOptions?: DeleteOptions };

const EVICTION_KIND = { group: 'policy', version: 'v1', kind: 'Eviction' };
const VIOLATION = "Cannot evict pod as it would violate the pod's disruption budget.";
const RETRY_SECONDS = 10;

/** pods/eviction: a delete that asks the pod's disruption budget first (upstream: registry/core/pod/storage/eviction.go). */
export function evictionEndpoint(options: { readonly reader: ObjectReader; readonly budgets: () => Registry }): SpecialEndpoint {
  return async (special) => {
    const request = special as ResourceRequest;
    const { registry, context, clock, admission } = request;
    const target = nameTarget(request);
    const query = writeQueryOf(request, 'CreateOptions');
    const sent = (await readObject(context, { expected: EVICTION_KIND, alsoVersions: ['v1beta1'], fieldValidation: query.fieldValidation })) as EvictionWithOptions;
    checkBodyNamespace(sent as KubernetesObject, request);
    const attributes = admissionAttributes(request, { operation: 'CREATE', object: sent as KubernetesObject, dryRun: query.dryRun });
    const eviction = (await admission.mutate({ ...attributes, object: sent as KubernetesObject }, context.request.signal)) as EvictionWithOptions;
    if (eviction.metadata.name !== target.name) throw newBadRequest('name in URL does not match name in Eviction object');
    const deleteOptions: DeleteOptions = eviction.deleteOptions ?? {};
    checkDeleteOptions(deleteOptions, { name: target.name, asked: context.request.query.getAll('dryRun').filter((value) => value !== '') });
    const dryRun = query.dryRun || (deleteOptions.dryRun?.length ?? 0) > 0;
    await admission.validate({ ...attributes, object: eviction as KubernetesObject }, context.request.signal);
    const pod = (await registry.storage.get(target)).object as Pod;
    if (!isFreeToGo(pod)) {
      const budget = await budgetOf(options.reader, pod);
      if (budget && !mayIgnore(budget, pod)) await spend(options.budgets(), { budget, pod, nowMs: clock.now(), write: writeContextOf(request, { dryRun }) });
    }
    if (!dryRun && !pod.metadata.deletionTimestamp) await markDisrupted(request, pod);
    await registry.delete(target, writeContextOf(request, { dryRun }), deleteOptions);
    return answerValue(special.media, createdStatus, 201);
  };
}

/** What the body asks for must agree with the query, where both say whether this is a dry run. */
function checkDeleteOptions(options: DeleteOptions, { name, asked }: { readonly name: string; readonly asked: readonly string[] }): void {
  if (options.ignoreStoreReadErrorWithClusterBreakingPotential) {
    const path = 'deleteOptions.ignoreStoreReadErrorWithClusterBreakingPotential';
    throw newInvalid(EVICTION_KIND, name, [fieldInvalid(path, true, 'can not be set for pod eviction, try after removing the option')]);
  }
  const given = options.dryRun ?? [];
  if (given.length === 0 || asked.length === 0 || deepEqual(given, asked)) return;
  const message = `Non-matching dry-run options in request and content: ${goValue(asked)} and ${goValue(given)}`;
  throw new StatusError(failureStatus({ code: 500, reason: '', message }));
}

/** Nobody is disrupted by the end of such a pod. */
function isFreeToGo({ metadata, status }: Pod): boolean {
  return !!metadata.deletionTimestamp || ['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? '');
}

async function budgetOf(reader: ObjectReader, pod: Pod): Promise<PodDisruptionBudget | undefined> {
  const all = await reader.list<PodDisruptionBudget>({ group: 'policy', resource: 'poddisruptionbudgets' }, pod.metadata.namespace);
  const matching = all.filter(({ spec }) => {
    const requirements = requirementsOf(spec?.selector as never);
    return requirements !== undefined && matchesLabels(requirements, pod.metadata.labels);
  });
  if (matching.length > 1) throw new StatusError(failureStatus({ code: 500, reason: '', message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.' }));
  return matching[0];
}

/** A pod that is not ready does not count for the budget's health. */
function mayIgnore({ spec, status }: PodDisruptionBudget, pod: Pod): boolean {
  const ready = pod.status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
  if (ready) return false;
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

const trackedBudget = statusWriteTracker({ group: 'policy', version: 'v1', kind: 'PodDisruptionBudget' }, 'poddisruptionbudgets');

async function spend(budgets: Registry, { budget, pod, nowMs, write }: { budget: PodDisruptionBudget; pod: Pod; nowMs: number; write: Parameters<Registry['update']>[1] }): Promise<void> {
  const { name, namespace = '' } = budget.metadata;
  await budgets.update({ namespace, name }, { ...write, subresource: 'status' }, {
    change(current) {
      const found = current as PodDisruptionBudget;
      const status = found.status ?? { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
      if ((status.observedGeneration ?? 0) < (found.metadata.generation ?? 0)) {
        throw refusal(`The disruption budget ${name} is still being processed by the server.`, RETRY_SECONDS);
      }
      if ((status.disruptionsAllowed ?? 0) <= 0) {
        throw refusal(`The disruption budget ${name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`);
      }
      const disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: timestamp(nowMs) };
      return trackedBudget(found, { ...found, status: { ...status, disruptionsAllowed: status.disruptionsAllowed - 1, disruptedPods } }, nowMs) as KubernetesObject;
    },
  });
}

/** Without retryAfterSeconds the client decides when to try again: kubectl drain would otherwise wait inside one request, past its own timeout. */
function refusal(message: string, retryAfterSeconds?: number): StatusError {
  const details = { causes: [{ reason: 'DisruptionBudget', message }], ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  return new StatusError(failureStatus({ code: 429, reason: 'TooManyRequests', message: VIOLATION, details }));
}

async function markDisrupted({ registry, context, served, clock }: ResourceRequest, pod: Pod): Promise<void> {
  const { name, namespace = '' } = pod.metadata;
  const condition = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting', lastTransitionTime: timestamp(clock.now()) };
  await registry.update({ namespace, name }, { user: context.user, dryRun: false, version: served.info.version, warnings: [], subresource: 'status' }, {
    change(current) {
      const found = current as Pod;
      const others = (found.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
      return { ...found, status: { ...found.status, conditions: [...others, condition] } } as KubernetesObject;
    },
  });
}
