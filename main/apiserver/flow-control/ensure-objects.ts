import { isDeepStrictEqual } from 'node:util';
import { flowschemas, prioritylevelconfigurations, type FlowSchema, type PriorityLevelConfiguration } from '../../../kube/api/generated/flowcontrol/v1.ts';
import type { Resource } from '../../../kube/apimachinery/gvr.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../../kube/apimachinery/status.ts';
import type { Client } from '../../../kube/client/client.ts';
import { AUTO_UPDATE_ANNOTATION, mandatoryObjects, suggestedObjects } from './bootstrap-objects.ts';

const FIELD_MANAGER = 'api-priority-and-fairness-config-producer-v1';

type FlowObject = FlowSchema | PriorityLevelConfiguration;

/**
 * Brings the bootstrap objects to what this version wants (upstream: registry/flowcontrol/ensurer): missing ones are created, mandatory
 * ones set back, suggested ones updated unless their annotation says no; those of former versions go.
 */
export async function ensureFlowObjects(client: Client): Promise<void> {
  const suggested = suggestedObjects();
  const mandatory = mandatoryObjects();
  await ensureKind(client, prioritylevelconfigurations, { suggested: suggested.levels, mandatory: mandatory.levels });
  await ensureKind(client, flowschemas, { suggested: suggested.schemas, mandatory: mandatory.schemas });
}

async function ensureKind<T extends FlowObject>(client: Client, resource: Resource<T>, wanted: { readonly suggested: readonly T[]; readonly mandatory: readonly T[] }): Promise<void> {
  const { items } = await client.list(resource);
  const current = new Map(items.map((object) => [object.metadata.name, object]));
  const plans = [...wanted.suggested.map((object) => ({ object, always: false })), ...wanted.mandatory.map((object) => ({ object, always: true }))];
  await Promise.all(plans.map(({ object, always }) => ensureObject(client, resource, { wanted: object, current: current.get(object.metadata.name), always })));
  const names = new Set(plans.map(({ object }) => object.metadata.name));
  const unwanted = items.filter(({ metadata }) => !names.has(metadata.name) && autoUpdateOf(metadata.annotations) === true);
  await Promise.all(unwanted.map(({ metadata }) => client.delete(resource, { name: metadata.name }).catch(ignore(isNotFound))));
}

async function ensureObject<T extends FlowObject>(client: Client, resource: Resource<T>, plan: Plan<T>): Promise<void> {
  if (plan.current === undefined) {
    await client.create(resource, plan.wanted, { fieldManager: FIELD_MANAGER }).catch(ignore(isAlreadyExists));
    return;
  }
  const revised = revise(plan.current, plan);
  // A conflict: somebody changes it this moment; the next round looks again.
  if (revised) await client.update(resource, revised, { fieldManager: FIELD_MANAGER }).catch(ignore((error) => isConflict(error) || isNotFound(error)));
}

interface Plan<T> {
  readonly wanted: T;
  readonly current: T | undefined;
  /** Mandatory: whatever the annotation says. */
  readonly always: boolean;
}

/** The object as it should be; undefined when it is so already. */
export function revise<T extends FlowObject>(current: T, { wanted, always }: Pick<Plan<T>, 'wanted' | 'always'>): T | undefined {
  const annotated = autoUpdateOf(current.metadata.annotations);
  // Without a readable annotation: what nobody has changed since its creation is still ours.
  const updates = always || (annotated ?? current.metadata.generation === 1);
  const specDiffers = updates && !isDeepStrictEqual(meaning(current.spec), meaning(wanted.spec));
  if (!specDiffers && annotated === updates) return undefined;
  const annotations = { ...current.metadata.annotations, [AUTO_UPDATE_ANNOTATION]: String(updates) };
  return { ...current, metadata: { ...current.metadata, annotations }, spec: specDiffers ? wanted.spec : current.spec };
}

/** As Go's strconv.ParseBool; undefined when it is neither. */
function autoUpdateOf(annotations: Readonly<Record<string, string>> | undefined): boolean | undefined {
  const text = annotations?.[AUTO_UPDATE_ANNOTATION] ?? '';
  if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
  return /^(0|f|F|false|FALSE|False)$/.test(text) ? false : undefined;
}

/** Absent and false, as absent and empty, say the same. */
function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaning);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined && member !== false && member !== '');
  return Object.fromEntries(members.map(([name, member]) => [name, meaning(member)]));
}

function ignore(expected: (error: unknown) => boolean): (error: unknown) => void {
  return (error) => {
    if (!expected(error)) throw error;
  };
}
