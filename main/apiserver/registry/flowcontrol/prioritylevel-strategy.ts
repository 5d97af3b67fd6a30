import type * as flowcontrol from '../../../../kube/api/generated/flowcontrol/v1.ts';
import { buildStrategy } from '../validation/build-strategy.ts';
import { withSpecAndMetaOf } from '../validation/parts.ts';
import type { FieldErrors } from '../validation/field-errors.ts';
import { SPEC_PATH, type FieldPath } from '../validation/field-path.ts';
import { checkFlowConditions } from './flowschema-strategy.ts';

const DEFAULTS = { shares: 30, handSize: 8, queues: 64, queueLengthLimit: 50 };
const MAX_QUEUES = 10_000_000;
const MAX_HASH_BITS = 60;

export const priorityLevelStrategy = buildStrategy<flowcontrol.PriorityLevelConfiguration>({
  namespaced: false,
  generation: true,
  defaults({ spec }) {
    const { limited, exempt } = spec ?? {};
    if (exempt !== undefined) {
      exempt.nominalConcurrencyShares ??= 0;
      exempt.lendablePercent ??= 0;
    }
    if (limited === undefined) return;
    limited.nominalConcurrencyShares ??= DEFAULTS.shares;
    limited.lendablePercent ??= 0;
    const queuing = limited.limitResponse?.queuing;
    if (queuing === undefined) return;
    queuing.handSize ||= DEFAULTS.handSize;
    queuing.queues ||= DEFAULTS.queues;
    queuing.queueLengthLimit ||= DEFAULTS.queueLengthLimit;
  },
  check({ metadata, spec, status }, errors) {
    const { type = '', limited, exempt } = spec ?? {};
    if ((metadata.name === 'exempt') !== (type === 'Exempt')) {
      errors.invalid(SPEC_PATH.child('type'), type, "must be 'Exempt' if and only if `name` is 'exempt'");
    }
    if (type === 'Exempt') {
      if (limited !== undefined) errors.forbidden(SPEC_PATH.child('limited'), 'must be nil if the type is not Limited');
      if (exempt !== undefined) checkShares(exempt, SPEC_PATH.child('exempt'), errors);
    } else if (type === 'Limited') {
      if (exempt !== undefined) errors.forbidden(SPEC_PATH.child('exempt'), 'must be nil if the type is Limited');
      if (limited === undefined) errors.required(SPEC_PATH.child('limited'), 'must not be empty when type is Limited');
      else checkLimited(limited, SPEC_PATH.child('limited'), errors);
    } else errors.notSupported(SPEC_PATH.child('type'), type, ['Exempt', 'Limited']);
    checkFlowConditions(status?.conditions, errors);
  },
  status: { prepare: withSpecAndMetaOf, check: ({ status }, _previous, errors) => checkFlowConditions(status?.conditions, errors) },
});

function checkShares(
  { nominalConcurrencyShares: shares = 0, lendablePercent: lendable = 0 }: { readonly nominalConcurrencyShares?: number; readonly lendablePercent?: number },
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (shares < 0) errors.invalid(path.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer');
  if (lendable < 0 || lendable > 100) errors.invalid(path.child('lendablePercent'), lendable, 'must be between 0 and 100, inclusive');
}

function checkLimited(limited: flowcontrol.LimitedPriorityLevelConfiguration, path: FieldPath, errors: FieldErrors): void {
  const { nominalConcurrencyShares, lendablePercent, borrowingLimitPercent: borrowing = 0, limitResponse } = limited;
  checkShares({ nominalConcurrencyShares }, path, errors);
  const { type = '', queuing } = limitResponse ?? {};
  const responsePath = path.child('limitResponse');
  if (type === 'Reject') {
    if (queuing !== undefined) errors.forbidden(responsePath.child('queuing'), 'must be nil if limited.limitResponse.type is not Limited');
  } else if (type === 'Queue') {
    if (queuing === undefined) errors.required(responsePath.child('queuing'), 'must not be empty if limited.limitResponse.type is Limited');
    else checkQueuing(queuing, responsePath.child('queuing'), errors);
  } else errors.notSupported(responsePath.child('type'), type, ['Queue', 'Reject']);
  checkShares({ lendablePercent }, path, errors);
  if (borrowing < 0) errors.invalid(path.child('borrowingLimitPercent'), borrowing, 'if specified, must be a non-negative integer');
}

function checkQueuing({ queueLengthLimit, queues, handSize }: flowcontrol.QueuingConfiguration, path: FieldPath, errors: FieldErrors): void {
  if (queueLengthLimit <= 0) errors.invalid(path.child('queueLengthLimit'), queueLengthLimit, 'must be positive');
  if (queues <= 0) errors.invalid(path.child('queues'), queues, 'must be positive');
  else if (queues > MAX_QUEUES) errors.invalid(path.child('queues'), queues, `must not be greater than ${MAX_QUEUES}`);
  const handPath = path.child('handSize');
  if (handSize <= 0) errors.invalid(handPath, handSize, 'must be positive');
  else if (handSize > queues) errors.invalid(handPath, handSize, `should not be greater than queues (${queues})`);
  else if (entropyBits(queues, handSize) > MAX_HASH_BITS) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${MAX_HASH_BITS}`;
    errors.invalid(handPath, handSize, detail);
  }
}

/** How many bits choose a hand of cards from a deck. */
function entropyBits(deckSize: number, handSize: number): number {
  return Math.ceil(Math.log2(deckSize) * handSize);
}
