import type { Namespace } from '../../../kube/api/generated/core/v1.ts';
import { StatusError } from '../../../kube/apimachinery/status.ts';
import { newNotFound } from '../../../kube/apimachinery/status-errors.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { forbidden } from './refusal.ts';

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);
const NAMESPACES = { group: '', resource: 'namespaces' };

/** Nothing new in a namespace that is absent or going away; the system's namespaces stay (upstream: plugin/namespace/lifecycle). */
export function namespaceLifecycle(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    handles: ({ operation }) => operation !== 'CONNECT',
    async mutate(attributes) {
      await check(reader, attributes);
      return attributes.object as NonNullable<typeof attributes.object>;
    },
    async validate(attributes) {
      if (attributes.operation === 'DELETE') await check(reader, attributes);
    },
  };
}

async function check(reader: ObjectReader, attributes: AdmissionAttributes): Promise<void> {
  const { operation, group, resource, namespace, name } = attributes;
  const isNamespace = group === '' && resource === 'namespaces';
  if (operation === 'DELETE' && isNamespace && IMMORTAL.has(name)) throw forbidden(attributes, 'this namespace may not be deleted');
  if (isNamespace || namespace === '' || operation === 'DELETE') return;
  if (resource === 'localsubjectaccessreviews') return;
  const stored = await reader.get<Namespace>(NAMESPACES, { name: namespace });
  if (!stored) throw newNotFound(NAMESPACES, namespace);
  if (operation !== 'CREATE' || (stored.status?.phase !== 'Terminating' && !stored.metadata.deletionTimestamp)) return;
  const { status } = forbidden(attributes, `unable to create new content in namespace ${namespace} because it is being terminated`);
  const cause = { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' };
  throw new StatusError({ ...status, details: { ...status.details, causes: [cause] } });
}
