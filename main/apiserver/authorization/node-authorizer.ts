import { parseFieldSelector } from '../../../kube/apimachinery/field-selector.ts';
import { nodeNameOf } from '../authentication/user.ts';
import { noOpinion, type Attributes, type Authorizer, type Decision } from './authorizer.ts';
import { bootstrapPolicy } from './bootstrap-policy.ts';
import type { NodeGraph } from './node-graph.ts';
import { ruleAllows, type PolicyRule } from './rbac.ts';

const ALLOW: Decision = { decision: 'allow', reason: '' };
const READS = ['get', 'list', 'watch'];
const OWNS = ['get', 'create', 'update', 'patch', 'delete'];

/** What kubelets may do: mostly with their own node and with what its pods refer to (upstream: plugin/pkg/auth/authorizer/node). */
export function createNodeAuthorizer(graph: NodeGraph): Authorizer {
  const rules = bootstrapPolicy().clusterRoles.find(({ metadata }) => metadata.name === 'system:node')?.rules ?? [];
  return {
    // What a node may do depends on its pods, which no rule tells.
    rulesFor: async (user) => (nodeNameOf(user) === undefined ? { rules: [], incomplete: false, errors: [] } : { rules: [], incomplete: true, errors: ['node authorizer does not support user rule resolution'] }),
    authorize(attributes) {
      const nodeName = nodeNameOf(attributes.user);
      if (nodeName === undefined) return noOpinion();
      if (nodeName === '') return noOpinion(`unknown node for user ${JSON.stringify(attributes.user.name)}`);
      if (!attributes.isResourceRequest) return byRules(rules, attributes);
      const special = SPECIAL[attributes.apiGroup === '' ? attributes.resource : `${attributes.resource}.${attributes.apiGroup}`];
      return special ? special({ graph, nodeName, attributes }) : byRules(rules, attributes);
    },
  };
}

interface Question {
  readonly graph: NodeGraph;
  readonly nodeName: string;
  readonly attributes: Attributes;
}

const SPECIAL: Readonly<Record<string, (question: Question) => Decision>> = {
  secrets: (question) => related(question, READS),
  configmaps: (question) => related(question, READS),
  persistentvolumeclaims: (question) => (question.attributes.subresource === 'status' ? related(question, ['update', 'patch'], true) : related(question, ['get'])),
  persistentvolumes: (question) => related(question, ['get']),
  'resourceclaims.resource.k8s.io': (question) => related(question, ['get']),
  'volumeattachments.storage.k8s.io': (question) => related(question, ['get']),
  serviceaccounts: serviceAccountToken,
  'leases.coordination.k8s.io': lease,
  'csinodes.storage.k8s.io': csiNode,
  'resourceslices.resource.k8s.io': resourceSlice,
  // A beta that is off.
  'podcertificaterequests.certificates.k8s.io': () => noOpinion(),
  nodes: node,
  pods: pod,
};

function byRules(rules: readonly PolicyRule[], attributes: Attributes): Decision {
  return rules.some((rule) => ruleAllows(attributes, rule)) ? ALLOW : noOpinion();
}

function related({ graph, nodeName, attributes }: Question, verbs: readonly string[], allowSubresource = false): Decision {
  if (!verbs.includes(attributes.verb)) {
    return noOpinion(verbs === READS ? 'can only read resources of this type' : verbs.length === 1 ? 'can only get individual resources of this type' : 'can only get/update/patch this type');
  }
  if (attributes.subresource !== '' && !allowSubresource) return noOpinion(verbs === READS ? 'cannot read subresource' : 'cannot get subresource');
  if (verbs === READS && attributes.namespace === '') return noOpinion('can only read namespaced object of this type');
  return reachable({ graph, nodeName, attributes });
}

function reachable({ graph, nodeName, attributes }: Pick<Question, 'graph' | 'nodeName' | 'attributes'>): Decision {
  if (attributes.name === '') return noOpinion('No Object name found');
  return graph.reaches(nodeName, attributes.resource, attributes) ? ALLOW : noOpinion(`no relationship found between node '${nodeName}' and this object`);
}

function serviceAccountToken(question: Question): Decision {
  const { verb, subresource, name } = question.attributes;
  if (verb === 'get' && subresource === '') return related(question, READS);
  if (verb !== 'create' || name === '') return noOpinion('can only create tokens for individual service accounts');
  return subresource === 'token' ? reachable(question) : noOpinion('can only create token subresource of serviceaccount');
}

function lease({ nodeName, attributes }: Question): Decision {
  const { verb, namespace, name } = attributes;
  if (!OWNS.includes(verb)) return noOpinion('can only get, create, update, patch, or delete a node lease');
  if (namespace !== 'kube-node-lease') return noOpinion('can only access leases in the "kube-node-lease" system namespace');
  if (verb !== 'create' && name !== nodeName) return noOpinion('can only access node lease with the same name as the requesting node');
  return ALLOW;
}

function csiNode({ nodeName, attributes }: Question): Decision {
  const { verb, name, subresource } = attributes;
  if (!OWNS.includes(verb)) return noOpinion('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return noOpinion('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== nodeName) return noOpinion('can only access CSINode with the same name as the requesting node');
  return ALLOW;
}

function resourceSlice(question: Question): Decision {
  const { nodeName, attributes } = question;
  const { verb, subresource } = attributes;
  if (subresource !== '') return noOpinion('cannot authorize ResourceSlice subresources');
  if (verb === 'create') return ALLOW;
  if (['get', 'update', 'patch', 'delete'].includes(verb)) return reachable(question);
  if (!['watch', 'list', 'deletecollection'].includes(verb)) return noOpinion('only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection');
  return selectsOwn(attributes, 'spec.nodeName', nodeName) ? ALLOW : noOpinion('can only list/watch/deletecollection resourceslices with nodeName field selector');
}

/** The selector leaves only what belongs to the node. */
function selectsOwn(attributes: Attributes, wanted: string, nodeName: string): boolean {
  return requirements(attributes).some(({ field, operator, value }) => field === wanted && operator === '=' && value === nodeName);
}

function node({ nodeName, attributes }: Question): Decision {
  const { verb, name, subresource } = attributes;
  if (allowed(attributes, { '': ['create', 'update', 'patch'], status: ['update', 'patch'] })) return ALLOW;
  if (subresource !== '' || !READS.includes(verb)) return noOpinion();
  if (name === nodeName) return ALLOW;
  return noOpinion(name === '' ? `node '${nodeName}' cannot read all nodes, only its own Node object` : `node '${nodeName}' cannot read '${name}', only its own Node object`);
}

function pod(question: Question): Decision {
  const { nodeName, attributes } = question;
  const { verb, subresource } = attributes;
  if (allowed(attributes, { '': ['create', 'delete'], status: ['update', 'patch'], eviction: ['create'] })) return ALLOW;
  if (subresource !== '' || !READS.includes(verb)) return noOpinion();
  if (verb !== 'get') {
    if (selectsOwn(attributes, 'spec.nodeName', nodeName)) return ALLOW;
    if (attributes.name === '') return noOpinion('can only list/watch pods with spec.nodeName field selector');
  }
  return reachable(question);
}

/** Writes that the admission plugin NodeRestriction judges, who knows the object. */
function allowed({ verb, subresource }: Attributes, verbs: Readonly<Record<string, readonly string[]>>): boolean {
  return verbs[subresource]?.includes(verb) ?? false;
}

function requirements({ fieldSelector }: Attributes): ReturnType<typeof parseFieldSelector> {
  try {
    return fieldSelector ? parseFieldSelector(fieldSelector) : [];
  } catch {
    return [];
  }
}
