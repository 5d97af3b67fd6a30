import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Random } from '../../../kube/apimachinery/random.ts';
import type { ObjectReader } from '../authentication/object-reader.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import { AdmissionChain } from './admission.ts';

export interface AdmissionOptions {
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly random: Random;
  readonly authorizer: Authorizer;
}

/** The plugins that are on, in upstream's order (pkg/kubeapiserver/options/plugins.go). */
export function admissionChain(_options: AdmissionOptions): AdmissionChain {
  return new AdmissionChain([]);
}
