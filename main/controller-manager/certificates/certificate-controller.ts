import { formatTime, parseTime } from '../../../kube/apimachinery/time.ts';
import { type CertificateSigningRequest, certificatesigningrequests } from '../../../kube/api/generated/certificates/v1.ts';
import { type Node, nodes } from '../../../kube/api/generated/core/v1.ts';
import type { Informer } from '../../../kube/client/informer.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { Controller, ControllerWatch } from '../controller.ts';
import {
  API_CLIENT,
  type CertificateRequest,
  hasCondition,
  KUBELET_CLIENT,
  KUBELET_SERVING,
  LEGACY_UNKNOWN,
  mayHaveKubeletClient,
  mayHaveKubeletServing,
  nodeNameOf,
  parseCertificateRequest,
} from './certificate-request.ts';
import { type CertificateSigner, loadSigner, signCertificate } from './sign-certificate.ts';

/** Upstream's csrcleaner: how long requests are kept. */
const KEEP_SETTLED_MS = 3600 * 1000;
const KEEP_PENDING_MS = 24 * 3600 * 1000;
const SERIAL_BYTES = 16;

/** Approves what our own nodes may have, signs what is approved, and clears away old requests. */
export class CertificateController implements Controller {
  readonly name = 'certificatesigningrequest-controller';
  readonly workers = 2;
  readonly watches: readonly ControllerWatch[];
  readonly #context: ControllerContext;
  readonly #requests: Informer<CertificateSigningRequest>;
  readonly #nodes: Informer<Node>;
  #signer: Promise<CertificateSigner> | undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#requests = context.informers.informer(certificatesigningrequests);
    this.#nodes = context.informers.informer(nodes);
    this.watches = [
      { informer: this.#requests, keysFor: ({ metadata }: CertificateSigningRequest) => [metadata.name] },
      { informer: this.#nodes, keysFor: (node: Node, previous?: Node) => this.#waitingServing(node, previous) },
    ] as readonly ControllerWatch[];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const csr = this.#requests.lister.get(name);
    if (csr === undefined) return;
    if (hasCondition(csr, 'Approved') && !csr.status?.certificate && !hasCondition(csr, 'Failed')) await this.#sign(csr, signal);
    else if (!hasCondition(csr, 'Approved') && !hasCondition(csr, 'Denied')) await this.#approve(csr, signal);
    return this.#clean(csr, signal);
  }

  /** A serving request may come before its node has reported its addresses. */
  #waitingServing(node: Node, previous: Node | undefined): readonly string[] {
    if (previous !== undefined && JSON.stringify(previous.status?.addresses) === JSON.stringify(node.status?.addresses)) return [];
    const username = `system:node:${node.metadata.name}`;
    return this.#requests.lister
      .list()
      .filter((csr) => csr.spec.signerName === KUBELET_SERVING && csr.spec.username === username && !hasCondition(csr, 'Approved'))
      .map(({ metadata }) => metadata.name);
  }

  async #approve(csr: CertificateSigningRequest, signal: AbortSignal): Promise<void> {
    const { signerName } = csr.spec;
    if (signerName !== KUBELET_CLIENT && signerName !== KUBELET_SERVING) return;
    const request = parse(csr);
    if (request === undefined) return;
    const node = this.#nodes.lister.get(nodeNameOf(request));
    const allowed = signerName === KUBELET_CLIENT ? mayHaveKubeletClient(csr, request) : mayHaveKubeletServing(csr, { request, node });
    if (!allowed) return;
    const now = formatTime(this.#context.clock.now());
    const kind = signerName === KUBELET_CLIENT ? 'client' : 'serving';
    const message = `Auto approving kubelet ${kind} certificate after SubjectAccessReview.`;
    const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message, lastUpdateTime: now, lastTransitionTime: now };
    const conditions = [...(csr.status?.conditions ?? []), condition];
    await this.#context.client.update(certificatesigningrequests, { ...csr, status: { ...csr.status, conditions } }, { subresource: 'approval', signal });
  }

  async #sign(csr: CertificateSigningRequest, signal: AbortSignal): Promise<void> {
    const { signerName, usages = [], expirationSeconds } = csr.spec;
    if (![API_CLIENT, KUBELET_CLIENT, KUBELET_SERVING, LEGACY_UNKNOWN].includes(signerName)) return;
    const request = parse(csr);
    const { client, clock, random } = this.#context;
    const reject = request === undefined ? 'unable to parse csr' : unsuitable(csr, request);
    if (request === undefined || reject !== undefined) {
      const now = formatTime(clock.now());
      const condition = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: reject ?? '', lastUpdateTime: now, lastTransitionTime: now };
      const conditions = [...(csr.status?.conditions ?? []), condition];
      await client.update(certificatesigningrequests, { ...csr, status: { ...csr.status, conditions } }, { subresource: 'status', signal });
      return;
    }
    this.#signer ??= loadSigner(this.#context.options.signer);
    const signer = await this.#signer;
    const pem = await signCertificate(signer, { request, usages, expirationSeconds, serialNumber: random.bytes(SERIAL_BYTES), nowMs: clock.now() });
    const certificate = Buffer.from(pem).toString('base64');
    await client.update(certificatesigningrequests, { ...csr, status: { ...csr.status, certificate } }, { subresource: 'status', signal });
  }

  async #clean(csr: CertificateSigningRequest, signal: AbortSignal): Promise<{ requeueAfterMs: number } | void> {
    const { client, clock } = this.#context;
    const settled = (csr.status?.conditions ?? []).length > 0;
    const sinceMs = parseTime(csr.metadata.creationTimestamp) ?? clock.now();
    const leftMs = sinceMs + (settled ? KEEP_SETTLED_MS : KEEP_PENDING_MS) - clock.now();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    await client.delete(certificatesigningrequests, { name: csr.metadata.name }, { preconditions: { uid: csr.metadata.uid }, signal });
  }
}

function parse(csr: CertificateSigningRequest): CertificateRequest | undefined {
  try {
    return parseCertificateRequest(csr);
  } catch {
    // A request that is no PKCS #10 is answered with a Failed condition, not with a retry.
    return undefined;
  }
}

/** Upstream: the signers' own check of what they are asked for. */
function unsuitable(csr: CertificateSigningRequest, request: CertificateRequest): string | undefined {
  const usages = csr.spec.usages ?? [];
  const nodeIdentity = request.organizations.join() === 'system:nodes' && request.commonName.startsWith('system:node:');
  switch (csr.spec.signerName) {
    case API_CLIENT:
      return usages.includes('server auth') ? 'usages did not match [client auth]' : undefined;
    case KUBELET_CLIENT:
      if (!nodeIdentity) return request.organizations.join() === 'system:nodes' ? 'subject common name does not begin with system:node:' : 'subject organization is not system:nodes';
      return usages.includes('server auth') ? 'usages did not match [key encipherment digital signature client auth]' : undefined;
    case KUBELET_SERVING:
      if (!nodeIdentity) return 'subject organization is not system:nodes';
      return request.dnsNames.length + request.ipAddresses.length === 0 ? 'at least one DNS name or IP address subject alternative name is required' : undefined;
    default:
      return undefined;
  }
}
