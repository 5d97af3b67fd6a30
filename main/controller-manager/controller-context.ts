import type { ExpressionWarning, ValidatingAdmissionPolicy } from '../../kube/api/generated/admissionregistration/v1.ts';
import type { Clock } from '../../kube/apimachinery/clock.ts';
import type { Random } from '../../kube/apimachinery/random.ts';
import type { Client } from '../../kube/client/client.ts';
import type { EventRecorder } from '../../kube/client/event-recorder.ts';
import type { InformerFactory } from '../../kube/client/informer.ts';

/** What every controller is made of; nothing else reaches one. */
export interface ControllerContext {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly random: Random;
  readonly recorder: EventRecorder;
  readonly log: ControllerLog;
  readonly options: ControllerManagerOptions;
}

/** A constant message plus fields. */
export type ControllerLog = (message: string, fields: Readonly<Record<string, unknown>>) => void;

export interface ControllerManagerOptions {
  /** Pod addresses of the whole cluster: 10.244.0.0/16. */
  readonly clusterCIDR: string;
  readonly nodeCIDRMaskSize: number;
  /** PEM of the authority that pods verify the API server with; published as kube-root-ca.crt. */
  readonly rootCA: string;
  /** Signs CertificateSigningRequests. */
  readonly signer: { readonly certificate: string; readonly privateKey: string };
  /** What the API server says of a policy's expressions and the kinds that they are about. */
  readonly checkTypes: (policy: ValidatingAdmissionPolicy) => Promise<readonly ExpressionWarning[]>;
  /** Signs tokens of service accounts that are kept in Secrets; absent: such Secrets stay empty. */
  readonly signToken?: (claims: Readonly<Record<string, unknown>>) => string;
}
