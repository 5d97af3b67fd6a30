import { customresourcedefinitions, type CustomResourceDefinition, type CustomResourceDefinitionStatus } from '../../../kube/api/generated/apiextensions/v1.ts';
import { schemaOfKind, type ObjectSchema } from '../../../kube/api/schema.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { trackUpdate } from '../patch/apply/field-manager.ts';
import type { Fields, FieldScope } from '../patch/apply/field-scope.ts';
import { resetFieldsOfEndpoint } from '../patch/apply/reset-fields.ts';

const MANAGER = 'kube-apiserver';

/** Writes of the server to the status of its definitions, as if they came through the status endpoint: the server owns what it sets. */
export class StatusTracker {
  readonly #scope: FieldScope;

  constructor() {
    const { group, version, kind, resource } = customresourcedefinitions;
    const subresource = 'status';
    const schema = schemaOfKind({ group, version, kind }) as ObjectSchema;
    this.#scope = { kind: { group, version, kind }, schema, subresource, resetFields: resetFieldsOfEndpoint({ group, resource, subresource, hasStatus: true }) };
  }

  withStatus(current: CustomResourceDefinition, status: CustomResourceDefinitionStatus, nowMs: number): KubernetesObject {
    const [live, next] = [current, { ...current, status }] as unknown as readonly [Fields, Fields];
    return trackUpdate(this.#scope, { live, next, manager: MANAGER, nowMs }) as unknown as KubernetesObject;
  }
}
