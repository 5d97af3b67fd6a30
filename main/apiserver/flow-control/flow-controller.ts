import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { Random } from '../../../kube/apimachinery/random.ts';
import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { formatTime } from '../../../kube/apimachinery/time.ts';
import { flowschemas, type FlowSchema, type FlowSchemaCondition, type PriorityLevelConfiguration } from '../../../kube/api/generated/flowcontrol/v1.ts';
import type { Client } from '../../../kube/client/client.ts';
import type { ObjectMirror } from '../registry/object-mirror.ts';
import { FLOW_CONTROL_GROUP } from './bootstrap-objects.ts';
import { ensureFlowObjects } from './ensure-objects.ts';
import type { FlowControl } from './flow-control.ts';

export interface FlowControllerOptions {
  readonly flow: FlowControl;
  readonly mirror: ObjectMirror;
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly reportError: (error: unknown, what: string) => void;
}

const FIELD_MANAGER = 'api-priority-and-fairness-config-consumer-v1';
const ENSURE_PERIOD_MS = 60_000;
/** Changes that come together are digested together. */
const DIGEST_DELAY_MS = 5;
/** Writes of one schema's status in a minute: more means that somebody writes against us. */
const MAX_STATUS_WRITES_PER_MINUTE = 6;
const RETRY_MS = { least: 30_000, spread: 45_000 };

/** Keeps flow control at what the objects say, the objects at what every cluster needs, and the status of schemas true. */
export class FlowController implements AsyncDisposable {
  readonly #options: FlowControllerOptions;
  readonly #levels = new Map<string, PriorityLevelConfiguration>();
  readonly #schemas = new Map<string, FlowSchema>();
  readonly #writes = new Map<string, number[]>();
  #digestTimer: Disposable | undefined;
  #ensureTimer: Disposable | undefined;
  #retryTimer: Disposable | undefined;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: FlowControllerOptions) {
    this.#options = options;
  }

  /** Resolves when the bootstrap objects exist and are in force. */
  async start(): Promise<void> {
    const { mirror, client } = this.#options;
    await ensureFlowObjects(client);
    await this.#follow(mirror, 'prioritylevelconfigurations', this.#levels);
    await this.#follow(mirror, 'flowschemas', this.#schemas);
    this.#digest();
    this.#ensureLater();
  }

  /** Takes what is known now, again: after a level has lost its last request. */
  refresh(): void {
    if (this.#closed) return;
    this.#digestTimer ??= this.#options.clock.setTimer(DIGEST_DELAY_MS, () => this.#digest());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#digestTimer?.[Symbol.dispose]();
    this.#ensureTimer?.[Symbol.dispose]();
    this.#retryTimer?.[Symbol.dispose]();
    await this.#work;
  }

  async #follow<T>(mirror: ObjectMirror, resource: string, objects: Map<string, T>): Promise<void> {
    await mirror.observe({ group: FLOW_CONTROL_GROUP, resource }, {
      clear: () => objects.clear(),
      set: (object: KubernetesObject) => {
        objects.set(object.metadata.name, object as T);
        this.refresh();
      },
      remove: (object: KubernetesObject) => {
        objects.delete(object.metadata.name);
        this.refresh();
      },
    });
  }

  #digest(): void {
    this.#digestTimer = undefined;
    this.#options.flow.configure([...this.#levels.values()], [...this.#schemas.values()]);
    const stale = [...this.#schemas.values()].filter((schema) => this.#conditionFor(schema) !== undefined);
    if (stale.length > 0) this.#inTurn(async () => {
      for (const schema of stale) await this.#writeStatus(schema);
    });
  }

  /** What its status should say and does not. */
  #conditionFor({ spec, status }: FlowSchema): FlowSchemaCondition | undefined {
    const level = spec.priorityLevelConfiguration.name;
    const reference = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
    const wanted = this.#levels.has(level)
      ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${reference} and it exists` }
      : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${reference} but there is no such object` };
    const said = status?.conditions?.find(({ type }) => type === 'Dangling');
    const isTrue = said?.status === wanted.status && said.reason === wanted.reason && said.message === wanted.message;
    return isTrue ? undefined : { ...wanted, lastTransitionTime: formatTime(this.#options.clock.now()) };
  }

  async #writeStatus({ metadata: { name } }: FlowSchema): Promise<void> {
    const schema = this.#schemas.get(name);
    const condition = schema && this.#conditionFor(schema);
    if (!schema || !condition || this.#closed) return;
    const { client, clock, random } = this.#options;
    const recent = (this.#writes.get(name) ?? []).filter((at) => clock.monotonicMs() - at < 60_000);
    if (recent.length >= MAX_STATUS_WRITES_PER_MINUTE) {
      this.#retryTimer?.[Symbol.dispose]();
      this.#retryTimer = clock.setTimer(RETRY_MS.least + RETRY_MS.spread * random.next(), () => this.refresh());
      return;
    }
    this.#writes.set(name, [...recent, clock.monotonicMs()]);
    const patch = { apiVersion: schema.apiVersion, kind: schema.kind, metadata: { name }, status: { conditions: [condition] } };
    try {
      await client.patch(flowschemas, { name }, { type: 'apply', patch }, { subresource: 'status', fieldManager: FIELD_MANAGER, force: true });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#writes.delete(name);
    }
  }

  #ensureLater(): void {
    this.#ensureTimer = this.#options.clock.setTimer(ENSURE_PERIOD_MS, () => {
      this.#inTurn(() => ensureFlowObjects(this.#options.client));
      this.#ensureLater();
    });
  }

  #inTurn(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      if (!this.#closed) this.#options.reportError(error, 'flow control');
    });
  }
}
