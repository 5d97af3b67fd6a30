import { readFile } from 'node:fs/promises';
import { ApiTransport } from '../../agent/api-transport.ts';
import { systemClock } from '../../main/etcd/system-clock.ts';
import { startTestApiServer } from '../../main/apiserver/testing.ts';
import { describeClient } from '../../kube/client/client.contract.ts';
import { RestClient } from '../../kube/client/rest-client.ts';
import type { Transport } from '../../kube/client/transport.ts';

/** The same promises, kept over every way to the real API server. */
async function open(connect: (server: Awaited<ReturnType<typeof startTestApiServer>>, stack: AsyncDisposableStack) => Promise<Transport>, acceptObjects: boolean) {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await startTestApiServer());
  const transport = await connect(server, stack);
  const client = new RestClient({ transport, userAgent: 'contract', acceptObjects });
  return { client, namespace: 'default', [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describeClient('RestClient in-process, with objects', () => open(async ({ transport }) => transport, true));
describeClient('RestClient in-process, with JSON', () => open(async ({ transport }) => transport, false));
describeClient('RestClient over TLS and HTTP/2', () =>
  open(async (server, stack) => {
    const { url, caFile } = await server.listen();
    const ca = await readFile(caFile, 'utf8');
    return stack.use(new ApiTransport({ server: url, credentials: () => ({ ca, token: server.token }), clock: systemClock }));
  }, false),
);
