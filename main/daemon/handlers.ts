import type { CallHandlers, StreamSources } from '../bridge/bridge-server.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { DataDirectory } from '../cluster/data-directory.ts';
import type { Log } from '../cluster/log.ts';
import { clusterCalls, clusterStatusStream } from './cluster-handlers.ts';
import { kubeRequest, kubeWatch, podLogs } from './kube-handlers.ts';
import { openSettings } from './settings.ts';
import { Terminals } from './terminals.ts';

export interface Handlers {
  readonly calls: CallHandlers;
  readonly streams: StreamSources;
}

/** Every entry of the bridge contract with what serves it. */
export function createHandlers({ cluster, directory, log, shutdown }: { cluster: Cluster; directory: DataDirectory; log: Log; shutdown: () => void }): Handlers & AsyncDisposable {
  const terminals = new Terminals({ kubeconfig: directory.kubeconfig, log });
  const settings = openSettings(directory.settings);
  return {
    calls: {
      ...clusterCalls({ cluster, shutdown }),
      'kube.request': (args, signal) => kubeRequest(cluster, args, signal),
      'terminal.open': async ({ columns, rows }) => ({ id: terminals.open({ columns, rows }) }),
      'terminal.write': async ({ id, data }) => terminals.write(id, data),
      'terminal.resize': async ({ id, columns, rows }) => terminals.resize(id, { columns, rows }),
      'terminal.close': async ({ id }) => terminals.close(id),
      'settings.get': () => settings.get(),
      'settings.set': (change) => settings.set(change),
    },
    streams: {
      'cluster.status': (_args, signal) => clusterStatusStream(cluster, signal),
      'kube.watch': ({ path }, signal) => kubeWatch(cluster, path, signal),
      'pod.logs': (args, signal) => podLogs(cluster, args, signal),
      'terminal.output': ({ id }, signal) => terminals.output(id, signal),
    },
    [Symbol.asyncDispose]: () => terminals[Symbol.asyncDispose](),
  };
}
