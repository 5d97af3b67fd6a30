import { isAlreadyExists, statusOf, StatusError, type Status } from '../../kube/apimachinery/status.ts';
import type { Transport } from '../../kube/client/transport.ts';

export interface StartObjectOptions {
  readonly advertise: { readonly address: string; readonly port: number };
}

const SYSTEM_NAMESPACES = ['kube-system', 'default', 'kube-public', 'kube-node-lease'];

/** What every cluster has from its first second; existing objects stay as they are. */
export async function startObjects(transport: Transport, _options: StartObjectOptions): Promise<void> {
  for (const name of SYSTEM_NAMESPACES) {
    await ensure(transport, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
}

/** Creates; an existing object is fine. */
export async function ensure(transport: Transport, path: string, object: object): Promise<void> {
  const response = await transport.fetch({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(object) });
  if (response.status < 300) return;
  const error = new StatusError(JSON.parse(Buffer.from(response.body as Uint8Array).toString('utf8')) as Status);
  if (!isAlreadyExists(error)) throw new Error(`Cannot create a start object at ${JSON.stringify(path)}: ${statusOf(error).message}`, { cause: error });
}
