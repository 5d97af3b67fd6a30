import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { isValidLabelValue } from '../../../../../kube/apimachinery/name-validation.ts';
import { buildStrategy } from '../../validation/build-strategy.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { METADATA_PATH, SPEC_PATH, STATUS_PATH, type FieldPath } from '../../validation/field-path.ts';
import { jsonSyntaxError } from '../../validation/json-syntax-error.ts';
import { internalValue } from '../../validation/internal-shape.ts';
import { checkLegacyCidr } from '../../validation/ip.ts';
import { isIPv4, isIPv6, parseCidr } from '../../validation/ip-parse.ts';
import { withSpecOf } from '../../validation/parts.ts';
import { checkResourceQuantity } from '../../validation/resource-names.ts';
import { checkLabelName, checkPositive, sortedKeys } from '../../validation/values.ts';
import { checkTaintEffect } from '../pod/validation/scheduling.ts';

type Node = core.Node;
const AVOID_PODS = 'scheduler.alpha.kubernetes.io/preferAvoidPods';
const POD_CIDR_FIXED = 'node updates may not change podCIDR except from "" to valid';

export const nodeStrategy = buildStrategy<Node>({
  namespaced: false,
  defaults(node) {
    const { spec, status } = node;
    if (status?.allocatable === undefined && status?.capacity !== undefined) status.allocatable = { ...status.capacity };
    if (spec === undefined) return;
    if (spec.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR];
    else if (!spec.podCIDR && spec.podCIDRs?.[0] !== undefined) spec.podCIDR = spec.podCIDRs[0];
    // The singular field is the first of the plural one, whatever else was written there.
    else if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  },
  prepareForCreate(node) {
    const { config: _dropped, ...status } = node.status ?? {};
    return withoutConfigSource({ ...node, status });
  },
  prepareForUpdate: withoutConfigSource,
  check,
  recheckOnUpdate: false,
  checkUpdate(next, previous, errors) {
    check(next, errors);
    checkUpdate(next, previous, errors);
  },
  status: { check: checkUpdate, prepare: prepareStatus, keptOnCreate: true },
  selectableFields: ({ spec }) => ({ 'spec.unschedulable': String(spec?.unschedulable ?? false) }),
  warnings,
});

function check(node: Node, errors: FieldErrors): void {
  checkAvoidPods(node.metadata.annotations, errors);
  checkTaints(node.spec?.taints, errors);
  checkResources(node, errors);
  const swap = node.status?.nodeInfo?.swap?.capacity;
  if (swap !== undefined) checkPositive(swap, METADATA_PATH.child('nodeSwapStatus').child('capacity'), errors);
  checkDeclaredFeatures(node.status?.declaredFeatures, STATUS_PATH.child('declaredFeatures'), errors);
  const cidrs = node.spec?.podCIDRs ?? [];
  const path = SPEC_PATH.child('podCIDRs');
  for (const [index, cidr] of cidrs.entries()) checkLegacyCidr(cidr, path.index(index), errors);
  const addresses = cidrs.map((cidr) => cidr.split('/')[0] ?? '');
  const broken = cidrs.length < 2 ? -1 : cidrs.findIndex((cidr) => !parseCidr(cidr));
  if (broken >= 0) {
    const reason = `invalid CIDR[${broken}]: <nil> (invalid CIDR address: ${cidrs[broken]})`;
    errors.internal(path, `invalid PodCIDRs. failed to check with dual stack with error:${reason}`);
  }
  if (cidrs.length > 2 || (cidrs.length === 2 && !(addresses.some(isIPv4) && addresses.some(isIPv6)))) {
    errors.invalid(path, cidrs, 'may specify no more than one CIDR for each IP family');
  }
}

/** Nobody reads this annotation any more; it is still checked. */
function checkAvoidPods(annotations: Readonly<Record<string, string>> | undefined, errors: FieldErrors): void {
  const text = annotations?.[AVOID_PODS];
  if (!text) return;
  const path = METADATA_PATH.child('annotations');
  const problem = jsonSyntaxError(text);
  if (problem !== undefined) {
    errors.invalid(path.child('AvoidPods'), AVOID_PODS, problem.replace('map[string]interface {}', 'v1.AvoidPods'));
    return;
  }
  const { preferAvoidPods } = (JSON.parse(text) ?? {}) as { preferAvoidPods?: { podSignature?: { podController?: { controller?: boolean } } }[] };
  for (const [index, entry] of (Array.isArray(preferAvoidPods) ? preferAvoidPods : []).entries()) {
    const signature = path.child(AVOID_PODS).index(index).child('PodSignature');
    const controller = entry.podSignature?.podController;
    if (controller === undefined) errors.required(signature);
    else if (controller.controller !== true) errors.invalid(signature.child('PodController').child('Controller'), false, 'must point to a controller');
  }
}

/** Upstream reports taints below metadata. */
function checkTaints(taints: readonly core.Taint[] | undefined, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, taint] of (taints ?? []).entries()) {
    const path = METADATA_PATH.child('taints').index(index);
    checkLabelName(taint.key ?? '', path.child('key'), errors);
    const messages = isValidLabelValue(taint.value ?? '');
    if (messages.length > 0) errors.invalid(path.child('value'), taint.value, messages.join(';'));
    checkTaintEffect(taint.effect, path.child('effect'), errors);
    const key = `${taint.effect} ${taint.key}`;
    if (seen.has(key)) {
      const detail = 'taints must be unique by key and effect pair';
      errors.add({ type: 'FieldValueDuplicate', field: path.toString(), badValue: internalValue('Taint', taint), detail });
    }
    seen.add(key);
  }
}

function checkResources({ status }: Node, errors: FieldErrors): void {
  for (const field of ['capacity', 'allocatable'] as const) {
    for (const name of sortedKeys(status?.[field])) {
      checkResourceQuantity(name, status?.[field]?.[name] ?? '0', STATUS_PATH.child(field).child(name), errors);
    }
  }
}

const DECLARED_FEATURE = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;
function checkDeclaredFeatures(features: readonly string[] | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const [index, feature] of (features ?? []).entries()) {
    if (!DECLARED_FEATURE.test(feature)) {
      const rule =
        "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes";
      errors.invalid(path.index(index), feature, `invalid feature name ${JSON.stringify(feature)}: ${rule}`);
    }
    const previous = features?.[index - 1];
    if (index === 0 || previous === undefined) continue;
    if (previous === feature) errors.duplicate(path.index(index), feature);
    else if (previous > feature) errors.invalid(path.index(index), feature, 'list must be sorted alphabetically');
  }
}

function checkUpdate(next: Node, previous: Node, errors: FieldErrors): void {
  checkAvoidPods(next.metadata.annotations, errors);
  checkResources(next, errors);
  checkDeclaredFeatures(next.status?.declaredFeatures, STATUS_PATH.child('declaredFeatures'), errors);
  const seen = new Set<string>();
  for (const [index, address] of (next.status?.addresses ?? []).entries()) {
    const key = `${address.type} ${address.address}`;
    if (seen.has(key)) errors.duplicate(STATUS_PATH.child('addresses').index(index), internalValue('NodeAddress', address));
    seen.add(key);
  }
  const before = previous.spec?.podCIDRs ?? [];
  const after = next.spec?.podCIDRs ?? [];
  if (before.length > 0 && before.length !== after.length) errors.forbidden(SPEC_PATH.child('podCIDRs'), POD_CIDR_FIXED);
  else for (const [index, cidr] of before.entries()) if (after[index] !== cidr) errors.forbidden(SPEC_PATH.child('podCIDRs'), POD_CIDR_FIXED);
  if (previous.spec?.providerID && previous.spec.providerID !== next.spec?.providerID) {
    errors.forbidden(SPEC_PATH.child('providerID'), 'node updates may not change providerID except from "" to valid');
  }
  checkTaints(next.spec?.taints, errors);
  if ((next.spec?.externalID ?? '') !== (previous.spec?.externalID ?? '')) errors.forbidden(SPEC_PATH.child('externalID'), 'may not be updated');
}

function warnings(node: Node): string[] {
  const found: string[] = [];
  // Labels are not looked at: every kubelet sets deprecated ones, and upstream is silent about them.
  if (node.spec?.externalID) found.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
  return found;
}

function prepareStatus(next: Node, previous: Node): Node {
  const kept = withSpecOf(next, previous);
  if (kept.status?.config === undefined || previous.status?.config !== undefined) return kept;
  const { config: _dropped, ...status } = kept.status;
  return { ...kept, status };
}

/** Dynamic kubelet configuration was removed; its fields stay in the API and are not kept. */
function withoutConfigSource(node: Node): Node {
  if (node.spec?.configSource === undefined) return node;
  const { configSource: _dropped, ...spec } = node.spec;
  return { ...node, spec };
}
