import type { Random } from '../../../../kube/apimachinery/random.ts';
import type { Authenticator } from '../../authentication/authenticator.ts';
import type { ObjectReader, ObjectResource } from '../../authentication/object-reader.ts';
import type { ServiceAccountKey } from '../../authentication/service-account-keys.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { ResourceCatalog } from '../../registry/catalog.ts';
import { resourceKey } from '../../registry/generic/resource-definition.ts';
import type { Registry } from '../../registry/generic/registry.ts';
import type { SpecialEndpoint } from '../dispatch.ts';
import { accessReviewEndpoint, rulesReviewEndpoint } from './access-reviews.ts';
import { selfSubjectReviewEndpoint, tokenReviewEndpoint } from './authentication-reviews.ts';
import { bindingEndpoint } from './binding.ts';
import { componentStatusEndpoint } from './component-statuses.ts';
import { evictionEndpoint } from './eviction.ts';
import { scaleEndpoint } from './scale.ts';
import { tokenRequestEndpoint } from './token-request.ts';

export interface SpecialOptions {
  readonly catalog: ResourceCatalog;
  readonly mirror: ObjectReader;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly keys: readonly ServiceAccountKey[];
  readonly issuer: string;
  readonly random: Random;
}

/** Every endpoint that is not one of the generic verbs. */
export function specialEndpoints(options: SpecialOptions): Map<string, SpecialEndpoint> {
  const { catalog, mirror: reader, authenticator, authorizer, keys, issuer, random } = options;
  const bind = bindingEndpoint(() => registryOf(catalog, { group: '', resource: 'pods' }));
  const scales = [...catalog.all()].filter(({ subresources }) => subresources.has('scale')).map(({ info }): [string, SpecialEndpoint] => [`${resourceKey(info)}/scale`, scaleEndpoint]);
  return new Map<string, SpecialEndpoint>([
    ...scales,
    ['pods/binding', bind],
    ['bindings', bind],
    ['componentstatuses', componentStatusEndpoint],
    ['pods/eviction', evictionEndpoint({ reader, budgets: () => registryOf(catalog, { group: 'policy', resource: 'poddisruptionbudgets' }) })],
    ['serviceaccounts/token', tokenRequestEndpoint({ reader, issuer, audiences: [issuer], keys, random })],
    ['tokenreviews.authentication.k8s.io', tokenReviewEndpoint(authenticator)],
    ['selfsubjectreviews.authentication.k8s.io', selfSubjectReviewEndpoint],
    ['subjectaccessreviews.authorization.k8s.io', accessReviewEndpoint(authorizer, 'SubjectAccessReview')],
    ['localsubjectaccessreviews.authorization.k8s.io', accessReviewEndpoint(authorizer, 'LocalSubjectAccessReview')],
    ['selfsubjectaccessreviews.authorization.k8s.io', accessReviewEndpoint(authorizer, 'SelfSubjectAccessReview')],
    ['selfsubjectrulesreviews.authorization.k8s.io', rulesReviewEndpoint(authorizer)],
  ]);
}

function registryOf(catalog: ResourceCatalog, resource: ObjectResource): Registry {
  const registry = catalog.registry(resource);
  if (!registry) throw new Error(`Cannot serve: ${JSON.stringify(resourceKey(resource))} is not in the catalog`);
  return registry;
}
