import type { Scale } from '../../../../kube/api/generated/autoscaling/v1.ts';
import { findResource } from '../../../../kube/api/inventory.ts';
import { fieldInvalid } from '../../../../kube/apimachinery/field-error.ts';
import { isJsonObject } from '../../../../kube/apimachinery/json.ts';
import { formatLabelSelectorSpec } from '../../../../kube/apimachinery/label-selector.ts';
import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';
import { newInvalid, newNotFound, newUnsupportedMediaType } from '../../../../kube/apimachinery/status-errors.ts';
import { jsonHead } from '../../storage/json-head.ts';
import { patchMediaTypes, type PatchMediaType } from '../../patch/apply-patch.ts';
import type { ServedResource } from '../../registry/catalog.ts';
import type { ScaleStrategy, Strategy } from '../../registry/generic/strategy.ts';
import { answerObject } from '../answer.ts';
import { readObject } from '../body.ts';
import type { SpecialRequest } from '../dispatch.ts';
import { patched } from '../patch.ts';
import type { ApiResponse } from '../request.ts';
import { checkBodyIdentity, nameTarget, writeQueryOf, type ResourceRequest } from '../resource-request.ts';
import { writeChange } from '../update.ts';

const SCALE_KIND = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

/** GET, PUT and PATCH of deployments/scale and its like. */
export async function scaleEndpoint(special: SpecialRequest): Promise<ApiResponse> {
  const request = special as ResourceRequest;
  const { context, registry } = request;
  const target = nameTarget(request);
  if (context.info.verb === 'get') return answerScale(request, (await registry.storage.get(target)).object);
  const isPatch = context.info.verb === 'patch';
  const query = writeQueryOf(request, isPatch ? 'PatchOptions' : 'UpdateOptions');
  const wanted = isPatch ? await patchOf(request) : await bodyOf(request, query.fieldValidation);
  const result = await writeChange(request, query, {
    target,
    change(current) {
      if (!current) throw newNotFound(registry.resource, target.name);
      const scale = wanted(scaleOf(request, current), query);
      validateScale(scale);
      const next = strategyOf(registry.definition.strategy).withReplicas(current, scale.spec?.replicas ?? 0);
      return { ...next, metadata: { ...next.metadata, resourceVersion: scale.metadata.resourceVersion ?? '' } };
    },
  });
  return answerScale(request, result.object);
}

type Wanted = (current: Scale, query: { readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict' }) => Scale;

async function bodyOf(request: ResourceRequest, fieldValidation: 'Ignore' | 'Warn' | 'Strict'): Promise<Wanted> {
  const object = await readObject(request.context, { expected: SCALE_KIND, fieldValidation });
  checkBodyIdentity(object, request);
  return () => object as Scale;
}

async function patchOf({ context }: ResourceRequest): Promise<Wanted> {
  const mediaType = (context.request.headers['content-type'] ?? '').split(';', 1)[0]?.trim() ?? '';
  const known = patchMediaTypes({ isCustomResource: false });
  if (!known.includes(mediaType) || mediaType.startsWith('application/apply')) throw newUnsupportedMediaType(known);
  const text = Buffer.from(await context.request.readBody()).toString('utf8');
  const served = scaleServed();
  return (current, query) => patched({ context, served }, query, { text, mediaType: mediaType as PatchMediaType, current }) as Scale;
}

function scaleServed(): ServedResource {
  const base = findResource('apps', 'v1', 'deployments');
  if (!base) throw new Error('Cannot build the scale endpoint: deployments are not in the inventory');
  const info = { ...base, ...SCALE_KIND, subresources: [] };
  return { info, apiVersion: 'autoscaling/v1', head: jsonHead({ apiVersion: 'autoscaling/v1', kind: 'Scale' }), subresources: new Map(), fieldNames: new Set(), fieldScopes: new Map() };
}

function answerScale(request: ResourceRequest, object: KubernetesObject): ApiResponse {
  return answerObject({ ...request, served: scaleServed() }, scaleOf(request, object));
}

function scaleOf({ registry }: ResourceRequest, object: KubernetesObject): Scale {
  const { spec, status, selector } = strategyOf(registry.definition.strategy).replicas(object);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale', apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}), ...(creationTimestamp ? { creationTimestamp } : {}) },
    spec: spec === 0 ? {} : { replicas: spec },
    status: { replicas: status, ...(selector ? { selector } : {}) },
  };
}

function validateScale(scale: Scale): void {
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas >= 0) return;
  throw newInvalid(SCALE_KIND, scale.metadata.name, [fieldInvalid('spec.replicas', replicas, 'must be greater than or equal to 0')]);
}

function strategyOf(strategy: Strategy): ScaleStrategy<KubernetesObject> {
  return strategy.scale ?? replicasInSpec;
}

/** Where every built-in workload keeps them. */
const replicasInSpec: ScaleStrategy<KubernetesObject> = {
  replicas(object) {
    const { spec, status } = object as { spec?: { replicas?: number; selector?: unknown }; status?: { replicas?: number } };
    const selector = spec?.selector;
    const isMap = isJsonObject(selector) && !('matchLabels' in selector) && !('matchExpressions' in selector);
    const text = isMap ? formatLabelSelectorSpec({ matchLabels: selector as Record<string, string> }) : formatLabelSelectorSpec(selector as never);
    return { spec: spec?.replicas ?? 0, status: status?.replicas ?? 0, selector: text };
  },
  withReplicas(object, replicas) {
    const { spec } = object as { spec?: object };
    return { ...object, spec: { ...spec, replicas } } as KubernetesObject;
  },
};
