import { RateLimitedWorkQueue } from '../../kube/client/rate-limited-work-queue.ts';
import type { ControllerContext } from './controller-context.ts';
import { runController } from './controller-runner.ts';
import { GarbageCollector } from './garbage-collector/garbage-collector.ts';
import { newControllers } from './controllers.ts';

export interface ControllerManager extends AsyncDisposable {
  /** The names of the controllers that run. */
  readonly controllers: readonly string[];
}

/**
 * Starts every controller. Call `informers.start(signal)` afterwards or before, in any order. Disposing, or the signal, stops all of
 * them and waits for reconciles under way; the client, informers and recorder stay the caller's.
 */
export function startControllerManager(options: Omit<ControllerContext, 'log'> & Partial<Pick<ControllerContext, 'log'>> & { readonly signal: AbortSignal }): ControllerManager {
  const context: ControllerContext = { ...options, log: options.log ?? (() => {}) };
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const controllers = newControllers(context);
  const running = Promise.all([
    ...controllers.map((controller) =>
      runController(controller, { queue: new RateLimitedWorkQueue({ clock: context.clock }), clock: context.clock, log: context.log, signal }),
    ),
    new GarbageCollector(context).run(signal),
  ]);
  return {
    controllers: controllers.map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      stop.abort(new DOMException('The controller manager was stopped', 'AbortError'));
      await running;
    },
  };
}
