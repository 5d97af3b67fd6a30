import { parseFieldSelector, type FieldRequirement } from '../../../kube/apimachinery/field-selector.ts';
import { parseLabelSelector } from '../../../kube/apimachinery/label-selector-parser.ts';
import { newBadRequest } from '../../../kube/apimachinery/status-errors.ts';
import type { ServedResource } from '../registry/catalog.ts';
import type { Selection } from '../storage/object-storage.ts';
import type { ResourceRequest } from './resource-request.ts';

/** What label and field selector, namespace and name of a list, watch or deletecollection pick. */
export function selectionOf({ context, served }: ResourceRequest): Selection {
  const { info, request: { query } } = context;
  const labelSelector = query.get('labelSelector');
  const fieldSelector = query.get('fieldSelector');
  const fields = fieldSelector ? supported(served, parse(() => parseFieldSelector(fieldSelector))) : [];
  const exactName = fields.find(({ field, operator }) => field === 'metadata.name' && operator === '=');
  const cheapName = exactName && (info.namespace !== '' || !served.info.namespaced) ? exactName.value : undefined;
  const rest = cheapName === undefined ? fields : fields.filter((requirement) => requirement !== exactName);
  return {
    ...(info.namespace !== '' && served.info.namespaced ? { namespace: info.namespace } : {}),
    ...(cheapName === undefined ? {} : { name: cheapName }),
    ...(labelSelector ? { labels: parse(() => parseLabelSelector(labelSelector)) } : {}),
    ...(rest.length > 0 ? { fields: rest } : {}),
  };
}

function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw newBadRequest(error instanceof Error ? error.message : String(error));
  }
}

/** The requirements in the field labels of the stored version. */
function supported(served: ServedResource, requirements: readonly FieldRequirement[]): readonly FieldRequirement[] {
  const labels = served.alternative?.fieldLabels;
  return requirements.map((requirement) => {
    const { field } = requirement;
    if (field === 'metadata.name' || (field === 'metadata.namespace' && knowsNamespace(served))) return requirement;
    const stored = labels === undefined ? field : labels.get(field);
    if (stored === undefined || !served.fieldNames.has(stored)) throw newBadRequest(unsupported(served, field));
    return { ...requirement, field: stored };
  });
}

/** Cluster-scoped kinds that name their own field labels have none for a namespace, nor have custom resources; the others have upstream's two. */
function knowsNamespace(served: ServedResource): boolean {
  return served.info.namespaced || hasCommonFields(served);
}

/** Built-in kinds that name no field labels of their own. */
function hasCommonFields({ fieldNames, custom }: ServedResource): boolean {
  return fieldNames.size === 0 && custom === undefined;
}

/** Each in upstream's words for it. */
function unsupported(served: ServedResource, field: string): string {
  const { group, version, kind } = served.info;
  if (hasCommonFields(served)) return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
  if (kind === 'Job' && group === 'batch') return `field label ${JSON.stringify(field)} not supported for ${kind}`;
  if (group === 'resource.k8s.io') return `field label not supported for ${group}/${version}, Kind=${kind}: ${field}`;
  return `field label not supported: ${field}`;
}
