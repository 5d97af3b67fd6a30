import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { MetricVector } from '../../../kube/apimachinery/metrics/metric-family.ts';
import type { Counter } from '../../../kube/apimachinery/metrics/metric-values.ts';
import type { MetricsRegistry } from '../../../kube/apimachinery/metrics/metrics-registry.ts';
import type { User } from '../authentication/user.ts';
import { type AuthorizerConfiguration, parseAuthorizationConfiguration } from './authorization-configuration.ts';
import { allowAllAuthorizer, type Attributes, type Authorizer, chainAuthorizers, type Decision, mastersAuthorizer, noOpinion, type ResolvedRules } from './authorizer.ts';
import { webhookAuthorizer } from './webhook-authorizer.ts';

/** What the operator says about who may do what. */
export interface AuthorizationFiles {
  /** YAML of kind AuthorizationConfiguration; absent: Node, then RBAC. */
  readonly configuration?: string;
  /** Of the kubeconfigs that it names. */
  readonly readFile: (path: string) => string;
}

export interface LiveAuthorizerOptions {
  readonly files: AuthorizationFiles;
  readonly node: Authorizer;
  readonly rbac: Authorizer;
  readonly clock: Clock;
  readonly reportError: (error: unknown, what: string) => void;
  readonly metrics: MetricsRegistry;
}

const DEFAULT: readonly AuthorizerConfiguration[] = [{ type: 'Node', name: 'node' }, { type: 'RBAC', name: 'rbac' }];

/** The authorizers in the order that the operator gave, which can be replaced while the server runs. system:masters may do everything, whatever it says. */
export class LiveAuthorizer implements Authorizer {
  readonly #options: LiveAuthorizerOptions;
  readonly #decisions: MetricVector<Counter>;
  #configuration: readonly AuthorizerConfiguration[];
  #chain: Required<Authorizer>;

  /** Throws when the configuration makes no sense. */
  constructor(options: LiveAuthorizerOptions) {
    const { configuration, readFile } = options.files;
    this.#options = options;
    this.#decisions = options.metrics.counter({ name: 'apiserver_authorization_decisions_total', stability: 'ALPHA', help: 'Decisions by the authorizer that made them.', labels: ['type', 'name', 'decision'] });
    this.#configuration = configuration === undefined ? DEFAULT : parseAuthorizationConfiguration(configuration, { readFile });
    this.#chain = this.#chained();
  }

  authorize(attributes: Attributes): Decision | Promise<Decision> {
    return this.#chain.authorize(attributes);
  }

  rulesFor(user: User, namespace: string): Promise<ResolvedRules> {
    return this.#chain.rulesFor(user, namespace);
  }

  /** Throws, and keeps what there is, when it makes no sense or has other authorizers of the server's own. */
  reload(configuration: string): void {
    const next = parseAuthorizationConfiguration(configuration, this.#options.files);
    const [was, is] = [this.#configuration, next].map((list) => list.map(({ type }) => type).filter((type) => type !== 'Webhook').sort().join(', '));
    if (was !== is) throw new Error(`authorizers: Forbidden: only webhooks may be added and removed while the server runs; it has ${was}`);
    this.#configuration = next;
    this.#chain = this.#chained();
  }

  #chained(): Required<Authorizer> {
    const configuration = this.#configuration;
    return chainAuthorizers([mastersAuthorizer, ...configuration.map((one) => this.#authorizerOf(one))], (index, decision) => {
      const decider = configuration[index - 1];
      // What members of system:masters may is nobody's decision.
      if (decider) this.#decisions.with(decider.type, decider.name, decision === 'allow' ? 'allowed' : 'denied').inc();
    });
  }

  #authorizerOf(one: AuthorizerConfiguration): Authorizer {
    const { node, rbac, clock, reportError } = this.#options;
    switch (one.type) {
      case 'Node': return node;
      case 'RBAC': return rbac;
      case 'AlwaysAllow': return allowAllAuthorizer;
      case 'AlwaysDeny': return { authorize: () => noOpinion('Everything is forbidden.') };
      case 'Webhook': return webhookAuthorizer({ name: one.name, webhook: one.webhook, clock, reportError });
    }
  }
}
