import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '../../kube/apimachinery/random.ts';
import type { Transport } from '../../kube/client/transport.ts';
import { openMemoryStore } from '../etcd/memory-store.ts';
import { systemClock } from '../etcd/system-clock.ts';
import type { Store } from '../etcd/store.ts';
import { createApiServer, type ApiServer, type ApiServerOptions } from './api-server.ts';
import { createTestCertificates, type TestCertificates } from './testing-certificates.ts';

export interface TestApiServer extends AsyncDisposable {
  readonly apiServer: ApiServer;
  readonly store: Store;
  /** In-process, as `admin` in system:masters. */
  readonly transport: Transport;
  readonly certificates: TestCertificates;
  /** Bearer token of `admin` in system:masters. */
  readonly token: string;
  /** Starts TLS on a free port of 127.0.0.1 (once) and writes a kubeconfig for it. */
  listen(port?: number): Promise<{ readonly url: string; readonly port: number; readonly kubeconfig: string; readonly caFile: string }>;
}

const systemRandom: Random = { next: Math.random, bytes: (size) => randomBytes(size), uuid: () => randomUUID() };
const TOKEN = 'test-admin-token';

/** A whole API server over a memory store: for integration tests of anything that talks to one. */
export async function startTestApiServer(overrides: Partial<ApiServerOptions> = {}): Promise<TestApiServer> {
  const stack = new AsyncDisposableStack();
  const certificates = await createTestCertificates(Date.now());
  const store = overrides.store ?? stack.use(await openMemoryStore());
  const admin = { name: 'admin', groups: ['system:masters'] };
  const apiServer = await createApiServer({
    store, clock: systemClock, random: systemRandom, serviceCIDR: '10.96.0.0/16', advertise: { address: '10.0.2.2', port: 6443 },
    pki: {
      clientCA: certificates.ca, server: certificates.server, serviceAccountKeys: [certificates.serviceAccountKey], kubeletClient: certificates.admin,
      frontProxyCA: certificates.frontProxy.ca, frontProxyClient: certificates.frontProxy.client,
    },
    staticTokens: { [TOKEN]: admin },
    ...overrides,
  });
  stack.use(apiServer);
  return {
    apiServer, store, certificates, token: TOKEN, transport: apiServer.transport(admin),
    async listen(port = 0) {
      const directory = await mkdtemp(join(tmpdir(), 'coracle-apiserver-'));
      stack.defer(() => rm(directory, { recursive: true, force: true }));
      const listener = await apiServer.listen({ host: '127.0.0.1', port });
      const url = `https://127.0.0.1:${listener.port}`;
      const caFile = join(directory, 'ca.crt');
      const kubeconfig = join(directory, 'kubeconfig');
      await writeFile(caFile, certificates.ca);
      await writeFile(kubeconfig, kubeconfigText({ url, certificates }));
      return { url, port: listener.port, kubeconfig, caFile };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function kubeconfigText({ url, certificates }: { readonly url: string; readonly certificates: TestCertificates }): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: test
  cluster:
    server: ${url}
    certificate-authority-data: ${Buffer.from(certificates.ca).toString('base64')}
contexts:
- name: test
  context: {cluster: test, user: admin}
current-context: test
users:
- name: admin
  user:
    client-certificate-data: ${Buffer.from(certificates.admin.certificate).toString('base64')}
    client-key-data: ${Buffer.from(certificates.admin.key).toString('base64')}
`;
}
