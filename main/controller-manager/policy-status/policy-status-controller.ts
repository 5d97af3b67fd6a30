import { apiVersionOf } from '../../../kube/apimachinery/gvr.ts';
import { validatingadmissionpolicies, type ValidatingAdmissionPolicy } from '../../../kube/api/generated/admissionregistration/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';

const FIELD_MANAGER = 'validatingadmissionpolicy-status';

/** Says in the status of each ValidatingAdmissionPolicy where its expressions do not fit the kinds that it is about; once for each generation. */
export class PolicyStatusController implements Controller {
  readonly name = 'validatingadmissionpolicy-status-controller';
  readonly workers = 5;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #policies: Informer<ValidatingAdmissionPolicy>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#policies = context.informers.informer(validatingadmissionpolicies);
    this.watches = [{ informer: this.#policies, keysFor: ({ metadata }: ValidatingAdmissionPolicy) => [metadata.name] }] as readonly ControllerWatch[];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const policy = this.#policies.lister.get(name);
    if (policy === undefined) return;
    const { generation = 0 } = policy.metadata;
    if (generation <= (policy.status?.observedGeneration ?? 0)) return;
    const warnings = await this.#context.options.checkTypes(policy);
    const status = { observedGeneration: generation, typeChecking: { ...(warnings.length > 0 && { expressionWarnings: warnings }) } };
    const patch = { apiVersion: apiVersionOf(validatingadmissionpolicies), kind: validatingadmissionpolicies.kind, metadata: { name }, status };
    await this.#context.client.patch(validatingadmissionpolicies, { name }, { type: 'apply', patch }, { subresource: 'status', fieldManager: FIELD_MANAGER, force: true, signal });
  }
}
