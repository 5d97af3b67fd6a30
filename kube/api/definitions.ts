import { admissionV1 } from './definitions/admission-v1.ts';
import { admissionregistrationV1 } from './definitions/admissionregistration-v1.ts';
import { apidiscoveryV2 } from './definitions/apidiscovery-v2.ts';
import { apiextensionsV1 } from './definitions/apiextensions-v1.ts';
import { apiregistrationV1 } from './definitions/apiregistration-v1.ts';
import { appsV1 } from './definitions/apps-v1.ts';
import { authenticationV1 } from './definitions/authentication-v1.ts';
import { authorizationV1 } from './definitions/authorization-v1.ts';
import { autoscalingV1 } from './definitions/autoscaling-v1.ts';
import { autoscalingV2 } from './definitions/autoscaling-v2.ts';
import { batchV1 } from './definitions/batch-v1.ts';
import { certificatesV1 } from './definitions/certificates-v1.ts';
import { coordinationV1 } from './definitions/coordination-v1.ts';
import { coreV1 } from './definitions/core-v1.ts';
import { discoveryV1 } from './definitions/discovery-v1.ts';
import { eventsV1 } from './definitions/events-v1.ts';
import { flowcontrolV1 } from './definitions/flowcontrol-v1.ts';
import { metaV1 } from './definitions/meta-v1.ts';
import { metaV1beta1 } from './definitions/meta-v1beta1.ts';
import { networkingV1 } from './definitions/networking-v1.ts';
import { nodeV1 } from './definitions/node-v1.ts';
import { policyV1 } from './definitions/policy-v1.ts';
import { rbacV1 } from './definitions/rbac-v1.ts';
import { resourceV1 } from './definitions/resource-v1.ts';
import { schedulingV1 } from './definitions/scheduling-v1.ts';
import { storageV1 } from './definitions/storage-v1.ts';
import { type MessageTable, parseDefinitionTable } from './definition-table.ts';

/** Every table, by directory of k8s.io/api (`core/v1`, `rbac/v1`), which is not always the API group. */
const tables: Readonly<Record<string, string>> = {
  'admission/v1': admissionV1,
  'admissionregistration/v1': admissionregistrationV1,
  'apidiscovery/v2': apidiscoveryV2,
  'apiextensions/v1': apiextensionsV1,
  'apiregistration/v1': apiregistrationV1,
  'apps/v1': appsV1,
  'authentication/v1': authenticationV1,
  'authorization/v1': authorizationV1,
  'autoscaling/v1': autoscalingV1,
  'autoscaling/v2': autoscalingV2,
  'batch/v1': batchV1,
  'certificates/v1': certificatesV1,
  'coordination/v1': coordinationV1,
  'core/v1': coreV1,
  'discovery/v1': discoveryV1,
  'events/v1': eventsV1,
  'flowcontrol/v1': flowcontrolV1,
  'meta/v1': metaV1,
  'meta/v1beta1': metaV1beta1,
  'networking/v1': networkingV1,
  'node/v1': nodeV1,
  'policy/v1': policyV1,
  'rbac/v1': rbacV1,
  'resource/v1': resourceV1,
  'scheduling/v1': schedulingV1,
  'storage/v1': storageV1,
};

const parsed = new Map<string, ReadonlyMap<string, MessageTable>>();

export function definitionDirectories(): readonly string[] {
  return Object.keys(tables);
}

/** The messages of one directory by full name; parsed on first use, then shared. */
export function messagesOf(directory: string): ReadonlyMap<string, MessageTable> {
  let messages = parsed.get(directory);
  if (!messages) {
    messages = parseDefinitionTable(directory, tables[directory] ?? '');
    parsed.set(directory, messages);
  }
  return messages;
}

/** A message by full name, `core/v1.Pod`. */
export function findMessage(name: string): MessageTable | undefined {
  const dot = name.lastIndexOf('.');
  return messagesOf(name.slice(0, dot)).get(name);
}

const directoryOfGroup: Readonly<Record<string, string>> = {
  '': 'core',
  'admission.k8s.io': 'admission',
  'admissionregistration.k8s.io': 'admissionregistration',
  'apidiscovery.k8s.io': 'apidiscovery',
  'apiextensions.k8s.io': 'apiextensions',
  'apiregistration.k8s.io': 'apiregistration',
  'authentication.k8s.io': 'authentication',
  'authorization.k8s.io': 'authorization',
  'certificates.k8s.io': 'certificates',
  'coordination.k8s.io': 'coordination',
  'discovery.k8s.io': 'discovery',
  'events.k8s.io': 'events',
  'flowcontrol.apiserver.k8s.io': 'flowcontrol',
  'meta.k8s.io': 'meta',
  'networking.k8s.io': 'networking',
  'node.k8s.io': 'node',
  'rbac.authorization.k8s.io': 'rbac',
  'resource.k8s.io': 'resource',
  'scheduling.k8s.io': 'scheduling',
  'storage.k8s.io': 'storage',
};

/** `rbac/v1` for rbac.authorization.k8s.io/v1; groups without a suffix (`apps`) are their own directory. */
export function directoryOf(group: string, version: string): string {
  return `${directoryOfGroup[group] ?? group}/${version}`;
}
