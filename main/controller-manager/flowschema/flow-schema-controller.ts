import { type FlowSchema, flowschemas, type PriorityLevelConfiguration, prioritylevelconfigurations } from '../../../kube/api/generated/flowcontrol/v1.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import { patchStatus } from '../patch-status.ts';

/** Says of every FlowSchema whether its priority level exists (upstream does this in the API server: util/flowcontrol/apf_controller.go). */
export class FlowSchemaController implements Controller {
  readonly name = 'flowschema-controller';
  readonly workers = 1;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #schemas: Informer<FlowSchema>;
  readonly #levels: Informer<PriorityLevelConfiguration>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#schemas = context.informers.informer(flowschemas);
    this.#levels = context.informers.informer(prioritylevelconfigurations);
    const schemasOf = ({ metadata }: PriorityLevelConfiguration): string[] =>
      this.#schemas.lister.list().flatMap((schema) => (schema.spec?.priorityLevelConfiguration.name === metadata.name ? [schema.metadata.name] : []));
    this.watches = [
      { informer: this.#schemas, keysFor: (schema: FlowSchema) => [schema.metadata.name] },
      { informer: this.#levels, keysFor: schemasOf },
    ] as readonly ControllerWatch[];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const schema = this.#schemas.lister.get(name);
    const level = schema?.spec?.priorityLevelConfiguration.name;
    if (schema === undefined || level === undefined) return;
    const found = this.#levels.lister.get(level) !== undefined;
    const status = found ? 'False' : 'True';
    const others = schema.status?.conditions?.filter(({ type }) => type !== 'Dangling') ?? [];
    const before = schema.status?.conditions?.find(({ type }) => type === 'Dangling');
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : formatTime(this.#context.clock.now());
    const reference = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
    const condition = found
      ? { type: 'Dangling', status, lastTransitionTime, reason: 'Found', message: `${reference} and it exists` }
      : { type: 'Dangling', status, lastTransitionTime, reason: 'NotFound', message: `${reference} but there is no such object` };
    await patchStatus(this.#context.client, { resource: flowschemas, object: schema, status: { ...schema.status, conditions: [...others, condition] }, signal });
  }
}
