import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import type { Log } from './log.ts';
import type { ClusterPki } from './pki.ts';

export interface ControlLoopsOptions {
  readonly server: ApiServer;
  readonly pki: ClusterPki;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Ends the loops. */
  readonly signal: AbortSignal;
  /** Bounds waiting for their caches. */
  readonly readySignal: AbortSignal;
}

/** Controllers and scheduler, each an in-process client with an identity of its own. Resolves when their caches are filled. */
export async function startLoops(options: ControlLoopsOptions): Promise<AsyncDisposable> {
  options.signal.throwIfAborted();
  return { async [Symbol.asyncDispose]() {} };
}
