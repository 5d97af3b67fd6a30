import type { Bridge, ClusterStatus, Settings } from '../../main/bridge/contract.ts';
import type { BridgeConnection } from '../bridge.ts';

/** What the whole window shares: the bridge, the cluster's status, the settings. */
export class AppState {
  bridge: Bridge | undefined = $state.raw();
  status: ClusterStatus | undefined = $state.raw();
  settings: Settings | undefined = $state.raw();
  /** The last failure of something the user asked for, until dismissed. */
  notice: string | undefined = $state();
  readonly running = $derived(this.bridge !== undefined && this.status?.phase === 'Running');
  #endStatus = () => {};

  constructor(connection: BridgeConnection) {
    connection.onChange((bridge) => this.#use(bridge));
  }

  /** Runs something the user asked for; a failure becomes the notice. */
  async attempt(work: (bridge: Bridge) => Promise<unknown>): Promise<void> {
    const bridge = this.bridge;
    if (bridge === undefined) return;
    try {
      await work(bridge);
    } catch (error) {
      this.notice = error instanceof Error ? error.message : String(error);
    }
  }

  #use(bridge: Bridge | undefined): void {
    this.#endStatus();
    this.bridge = bridge;
    if (bridge === undefined) return;
    this.#endStatus = bridge.subscribe('cluster.status', {}, { next: (status) => (this.status = status), end: () => {} });
    bridge.call('settings.get', {}).then((settings) => (this.settings = settings), () => {});
  }
}
