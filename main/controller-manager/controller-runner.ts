import type { Clock } from '../../kube/apimachinery/clock.ts';
import { isConflict, isNotFound } from '../../kube/apimachinery/status.ts';
import type { WorkQueue } from '../../kube/client/work-queue.ts';
import type { ControllerLog } from './controller-context.ts';
import type { Controller } from './controller.ts';

export interface RunnerOptions {
  readonly queue: WorkQueue<string>;
  readonly clock: Clock;
  readonly log: ControllerLog;
  readonly signal: AbortSignal;
}

/**
 * Runs one controller until the signal aborts, then waits for its reconciles to end. Resolves, never rejects: what reconcile throws is
 * logged once and its key requeued with back-off (a conflict or a vanished object is the normal course of things, and not logged).
 */
export async function runController(controller: Controller, options: RunnerOptions): Promise<void> {
  const { queue, signal } = options;
  const subscriptions = controller.watches.map((watch) =>
    watch.informer.onEvent((event) => {
      const keys = event.type === 'update' ? watch.keysFor(event.object, event.previous) : watch.keysFor(event.object);
      const { delayMs = 0 } = watch;
      for (const key of keys) queue.addAfter(key, typeof delayMs === 'number' ? delayMs : delayMs(key));
    }),
  );
  try {
    await Promise.all(controller.watches.map((watch) => watch.informer.waitForSync(signal)));
    await Promise.all(Array.from({ length: controller.workers }, () => runWorker(controller, options)));
  } catch (error) {
    if (!signal.aborted) options.log('controller stopped', { controller: controller.name, error });
  } finally {
    for (const subscription of subscriptions) subscription[Symbol.dispose]();
    queue[Symbol.dispose]();
    await controller[Symbol.asyncDispose]?.();
  }
}

async function runWorker(controller: Controller, options: RunnerOptions): Promise<void> {
  const { queue, signal } = options;
  while (!signal.aborted) {
    let key: string;
    try {
      key = await queue.get(signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    await reconcileOnce(controller, key, options);
    queue.done(key);
  }
}

async function reconcileOnce(controller: Controller, key: string, { queue, log, signal }: RunnerOptions): Promise<void> {
  try {
    const result = await controller.reconcile(key, signal);
    queue.forget(key);
    if (result?.requeueAfterMs !== undefined) queue.addAfter(key, result.requeueAfterMs);
  } catch (error) {
    if (signal.aborted) return;
    if (!isConflict(error) && !isNotFound(error)) log('reconcile failed', { controller: controller.name, key, error });
    queue.addRateLimited(key);
  }
}
