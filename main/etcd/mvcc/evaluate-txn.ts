import type { Compare, KeyRange, KeyValue, Operation, OperationResponse, Revision, StoreEvent, TxnRequest } from '../store.ts';
import type { KeyIndex } from './key-index.ts';
import { byteOrder, rangeContains } from './key-range.ts';

/** One version to be written to the durable log. */
export interface Row {
  readonly rowId: number;
  readonly revision: Revision;
  readonly key: string;
  /** Absent: a tombstone. */
  readonly kv?: KeyValue;
}

export interface Evaluation {
  readonly succeeded: boolean;
  readonly responses: readonly OperationResponse[];
  /** Empty when nothing was written; then the revision does not advance. */
  readonly rows: readonly Row[];
  readonly events: readonly StoreEvent[];
}

export interface EvaluationState {
  readonly index: KeyIndex;
  /** The revision of the newest transaction, durable or not. */
  readonly headRevision: Revision;
  readonly nextRowId: number;
}

/**
 * Decides a transaction on the newest state and puts its versions into the index under `headRevision + 1`. All its writes share that
 * revision; a range after a write in the same transaction sees the write. Validate with `checkTxn` first: this never fails.
 */
export function evaluateTxn(request: TxnRequest, state: EvaluationState): Evaluation {
  const { index, headRevision } = state;
  const succeeded = request.compare.every((compare) => holds(compare, index.get(compare.key, headRevision)));
  const writer = new Writer(state);
  const responses = (succeeded ? request.success : (request.failure ?? [])).map((operation) => writer.apply(operation));
  return { succeeded, responses, rows: writer.rows, events: exactly(writer.events) };
}

/** Events are kept for minutes, one array a revision; an array that was pushed to has room for sixteen more. */
export function exactly<T>(items: readonly T[]): readonly T[] {
  return items.slice();
}

class Writer {
  readonly rows: Row[] = [];
  readonly events: StoreEvent[] = [];
  readonly #index: KeyIndex;
  readonly #revision: Revision;
  readonly #firstRowId: number;

  constructor(state: EvaluationState) {
    this.#index = state.index;
    this.#revision = state.headRevision + 1;
    this.#firstRowId = state.nextRowId;
  }

  apply(operation: Operation): OperationResponse {
    switch (operation.type) {
      case 'put':
        return this.#put(operation);
      case 'delete':
        return this.#delete(operation.range);
      case 'range': {
        const { options = {}, range } = operation;
        // Before the first write of this transaction its revision does not exist yet: the newest then reads the same.
        const revision = options.revision === undefined || options.revision === 0 ? this.#revision : options.revision;
        const found = this.#index.range(range, { revision, limit: options.limit });
        const kvs = options.keysOnly === true ? found.kvs.map(withoutValue) : found.kvs;
        return { type: 'range', result: { kvs, count: found.count, revision: this.rows.length > 0 ? this.#revision : this.#revision - 1 } };
      }
    }
  }

  #put({ key, value, lease }: Extract<Operation, { type: 'put' }>): OperationResponse {
    const previous = this.#index.get(key, this.#revision);
    const kv: KeyValue = {
      key,
      value,
      createRevision: previous?.createRevision ?? this.#revision,
      modRevision: this.#revision,
      version: (previous?.version ?? 0) + 1,
      ...(lease === undefined ? {} : { lease }),
    };
    this.#write(key, kv);
    this.events.push(previous === undefined ? { type: 'put', kv } : { type: 'put', kv, previous });
    return previous === undefined ? { type: 'put' } : { type: 'put', previous };
  }

  #delete(range: KeyRange): OperationResponse {
    const deleted = this.#index.range(range, { revision: this.#revision }).kvs;
    for (const previous of deleted) {
      this.#write(previous.key, undefined);
      this.events.push({ type: 'delete', key: previous.key, modRevision: this.#revision, previous });
    }
    return { type: 'delete', deleted };
  }

  #write(key: string, kv: KeyValue | undefined): void {
    const rowId = this.#firstRowId + this.rows.length;
    this.#index.push(key, { modRevision: this.#revision, kv, rowId });
    this.rows.push({ rowId, revision: this.#revision, key, kv });
  }
}

function holds(compare: Compare, kv: KeyValue | undefined): boolean {
  const actual = kv?.[compare.target] ?? 0;
  switch (compare.operator) {
    case '=':
      return actual === compare.value;
    case '!=':
      return actual !== compare.value;
    case '<':
      return actual < compare.value;
    case '>':
      return actual > compare.value;
  }
}

export function withoutValue(kv: KeyValue): KeyValue {
  return { ...kv, value: noValue };
}

const noValue = new Uint8Array(0);

/** Why the transaction is malformed, in etcd's words; undefined when it is fine. */
export function checkTxn(request: TxnRequest): string | undefined {
  return checkOperations(request.success) ?? checkOperations(request.failure ?? []);
}

/** A key may be written once in a transaction: everything happens at one revision, so a second write would have no place. */
function checkOperations(operations: readonly Operation[]): string | undefined {
  if (operations.length < 2) return operations[0]?.type === 'put' && operations[0].key === '' ? 'key is not provided' : undefined;
  const puts = new Set<string>();
  for (const operation of operations) {
    if (operation.type !== 'put') continue;
    if (operation.key === '') return 'key is not provided';
    if (puts.has(operation.key)) return 'duplicate key given in txn request';
    puts.add(operation.key);
  }
  for (const operation of operations) {
    if (operation.type !== 'delete') continue;
    for (const key of puts) if (rangeContains(operation.range, key, byteOrder)) return 'duplicate key given in txn request';
  }
  return undefined;
}
