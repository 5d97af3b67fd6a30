import { RateLimitedWorkQueue } from '../../kube/client/rate-limited-work-queue.ts';
import type { WorkQueueMetrics } from '../../kube/client/work-queue-metrics.ts';
import { ClientEventRecorder, type EventRecorder } from '../../kube/client/event-recorder.ts';
import type { ControllerContext, ControllerLog } from './controller-context.ts';
import { runController } from './controller-runner.ts';
import { GarbageCollector } from './garbage-collector/garbage-collector.ts';
import { isControllerEnabled } from './controller-selection.ts';
import { GARBAGE_COLLECTOR, queueNames } from './controller-names.ts';
import { newControllers } from './controllers.ts';

export interface ControllerManager extends AsyncDisposable {
  /** The names of the controllers that run. */
  readonly controllers: readonly string[];
}

export type ControllerManagerStart = Omit<ControllerContext, 'log' | 'recorder'> & {
  readonly log?: ControllerLog;
  /** One recorder for all, as a test may want it. Absent: each controller has its own, under upstream's component name. */
  readonly recorder?: EventRecorder;
  /** As upstream's --controllers; absent: all of them. */
  readonly controllers?: readonly string[];
  /** What its queues do, told by upstream's names of queues. */
  readonly queueMetrics?: WorkQueueMetrics;
  readonly signal: AbortSignal;
};

/**
 * Starts every controller that is enabled. Call `informers.start(signal)` afterwards or before, in any order. Disposing, or the signal, stops all of
 * them and waits for reconciles under way; the client and the informers stay the caller's.
 */
export function startControllerManager(options: ControllerManagerStart): ControllerManager {
  const { client, clock, random } = options;
  const log = options.log ?? (() => {});
  const stack = new AsyncDisposableStack();
  const onError = (error: unknown): void => log('event not written', { error });
  const recorderFor = (component: string): EventRecorder =>
    options.recorder ?? stack.use(new ClientEventRecorder({ client, clock, random, source: { component }, onError }));
  const contextFor = (component: string): ControllerContext => ({ ...options, log, recorder: recorderFor(component) });
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const isEnabled = (name: string): boolean => isControllerEnabled(name, options.controllers ?? ['*']);
  const controllers = newControllers(contextFor, isEnabled);
  const running = Promise.all([
    ...controllers.map((controller) => {
      const meter = options.queueMetrics?.meterOf(queueNames[controller.name] ?? controller.name);
      return runController(controller, { queue: new RateLimitedWorkQueue<string>({ clock, ...(meter ? { meter } : {}) }), clock, log, signal });
    }),
    isEnabled(GARBAGE_COLLECTOR) ? new GarbageCollector(contextFor(GARBAGE_COLLECTOR)).run(signal) : undefined,
  ]);
  stack.defer(async () => {
    stop.abort(new DOMException('The controller manager was stopped', 'AbortError'));
    await running;
  });
  return { controllers: controllers.map(({ name }) => name), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
