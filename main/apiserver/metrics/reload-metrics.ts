import { hash } from 'node:crypto';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';

export interface ReloadMetricsOptions {
  readonly registry: MetricsRegistry;
  readonly clock: Clock;
  /** As metrics name it. */
  readonly subject: 'authentication' | 'authorization' | 'encryption';
  readonly serverId: string;
}

/** Tells of a configuration that is replaced while the server runs (upstream: server/options/…config/metrics). Not the content, but its hash. */
export class ReloadMetrics {
  readonly #reloaded: (status: 'success' | 'failure') => void;
  #hash = '';

  constructor({ registry, clock, subject, serverId }: ReloadMetricsOptions) {
    const server = digestOf(serverId);
    const name = `apiserver_${subject}_config_controller`;
    const labels = ['status', 'apiserver_id_hash'];
    const total = registry.counter({ name: `${name}_automatic_reloads_total`, stability: 'BETA', help: `Reloads of the ${subject} configuration.`, labels });
    const last = registry.gauge({ name: `${name}_automatic_reload_last_timestamp_seconds`, stability: 'BETA', help: `When the ${subject} configuration was last reloaded, since the epoch.`, labels });
    registry.collect('gauge', { name: `${name}_last_config_info`, stability: 'ALPHA', help: `Always 1; the label says which ${subject} configuration is in force.`, labels: ['apiserver_id_hash', 'hash'] }, () => (this.#hash === '' ? [] : [{ labels: [server, this.#hash], value: 1 }]));
    this.#reloaded = (status) => {
      total.with(status, server).inc();
      last.with(status, server).set(clock.now() / 1000);
    };
  }

  /** What the server begins with. */
  inForce(text: string | undefined): void {
    this.#hash = text === undefined ? '' : digestOf(text);
  }

  measured(text: string, reload: () => void): void {
    try {
      reload();
    } catch (error) {
      this.#reloaded('failure');
      throw error;
    }
    this.#succeeded(text);
  }

  async measuredLater(text: string, reload: () => Promise<void>): Promise<void> {
    try {
      await reload();
    } catch (error) {
      this.#reloaded('failure');
      throw error;
    }
    this.#succeeded(text);
  }

  #succeeded(text: string): void {
    this.#reloaded('success');
    this.inForce(text);
  }
}

function digestOf(text: string): string {
  return text === '' ? '' : `sha256:${hash('sha256', text)}`;
}
