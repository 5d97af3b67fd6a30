import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { MetricsRegistry } from '../../kube/apimachinery/metrics/metrics-registry.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import { clientMetrics } from '../../kube/client/client-metrics.ts';
import { ClientEventRecorder } from '../../kube/client/event-recorder.ts';
import type { RestClientOptions } from '../../kube/client/rest-client.ts';
import { SharedInformerFactory } from '../../kube/client/shared-informer-factory.ts';
import { WorkQueueMetrics } from '../../kube/client/work-queue-metrics.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import { serviceAccountKeyFromPem, signJwt } from '../apiserver/authentication/service-account-keys.ts';
import { startControllerManager } from '../controller-manager/start-controller-manager.ts';
import { runScheduler } from '../scheduler/scheduler.ts';
import { addresses } from './addresses.ts';
import { componentClient } from './control-plane.ts';
import type { Log } from './log.ts';
import type { ClusterPki } from './pki.ts';

export interface ControlLoopsOptions {
  readonly server: ApiServer;
  readonly pki: ClusterPki;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** As upstream's --controllers; absent: all of them. */
  readonly controllers?: readonly string[];
  /** Absent: it runs. */
  readonly scheduler?: boolean;
  /** Where theirs are shown. */
  readonly metrics: MetricsRegistry;
  /** Ends the loops. */
  readonly signal: AbortSignal;
}

/** Controllers and scheduler, each an in-process client with an identity of its own; disposing waits until both have ended. */
export function startLoops(options: ControlLoopsOptions): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const onAnswer = clientMetrics(options.metrics, 'in-process');
  stack.use(startControllers({ ...options, onAnswer }));
  if (options.scheduler ?? true) stack.use(startScheduler({ ...options, onAnswer }));
  return stack;
}

interface LoopOptions extends ControlLoopsOptions {
  readonly onAnswer: NonNullable<RestClientOptions['onAnswer']>;
}

function startControllers({ server, pki, clock, random, log, controllers, metrics, onAnswer, signal }: LoopOptions): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const client = componentClient(server, { name: 'system:kube-controller-manager', groups: ['system:masters', 'system:authenticated'] }, { userAgent: 'kube-controller-manager/v1.36', onAnswer });
  const tokenKey = serviceAccountKeyFromPem(pki.serviceAccount.privateKey);
  const informers = stack.use(new SharedInformerFactory({ client, clock, random, onError: (error, resource) => log.warn('controller watch failed', { resource, error: String(error) }) }));
  stack.use(
    startControllerManager({
      client, informers, clock, random, signal, queueMetrics: new WorkQueueMetrics(metrics, clock),
      ...(controllers === undefined ? {} : { controllers }),
      log: (message, fields) => log.info(message, { component: 'controller-manager', ...fields }),
      options: {
        clusterCIDR: addresses.clusterCIDR,
        nodeCIDRMaskSize: 24,
        rootCA: pki.authority.certificate,
        signer: { certificate: pki.authority.certificate, privateKey: pki.authority.key },
        checkTypes: (policy) => server.checkTypes(policy),
        signToken: (claims) => signJwt(tokenKey, claims),
      },
    }),
  );
  informers.start(signal);
  return stack;
}

function startScheduler({ server, clock, random, log, metrics, onAnswer, signal }: LoopOptions): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const client = componentClient(server, { name: 'system:kube-scheduler', groups: ['system:authenticated'] }, { userAgent: 'kube-scheduler/v1.36', onAnswer });
  const recorder = stack.use(new ClientEventRecorder({ client, clock, random, source: { component: 'default-scheduler' }, onError: (error) => log.warn('cannot write an event', { error: String(error) }) }));
  const informers = stack.use(new SharedInformerFactory({ client, clock, random, onError: (error, resource) => log.warn('scheduler watch failed', { resource, error: String(error) }) }));
  const running = runScheduler({ client, informers, clock, random, recorder, metrics, signal: until, log: (message, fields) => log.warn(message, { component: 'scheduler', ...fields, error: String(fields['error'] ?? '') }) }).catch((error: unknown) =>
    log.error('the scheduler ended', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
  stack.defer(async () => {
    stop.abort(new DOMException('the scheduler was stopped', 'AbortError'));
    await running;
  });
  informers.start(until);
  return stack;
}
