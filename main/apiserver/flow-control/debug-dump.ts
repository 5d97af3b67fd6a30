import type { FairRequest } from './fair-queue.ts';
import type { FlowConfiguration } from './flow-configuration.ts';
import type { PriorityLevel } from './priority-level.ts';

/** The three tables of /debug/api_priority_and_fairness (upstream: apf_controller_debug.go). */
export interface DumpSource {
  readonly configuration: FlowConfiguration;
  /** Wall-clock time of a reading of the monotonic clock. */
  readonly wallMs: (monotonicMs: number) => number;
}

export function dumpPriorityLevels({ configuration }: DumpSource): string {
  const header = ['PriorityLevelName', 'ActiveQueues', 'IsIdle', 'IsQuiescing', 'WaitingRequests', 'ExecutingRequests', 'DispatchedRequests', 'RejectedRequests', 'TimedoutRequests', 'CancelledRequests'];
  const rows = sorted(configuration).map(({ name, quiescing, queueSet }) => {
    const active = queueSet.queues.filter(({ waiting }) => waiting.length > 0).length;
    return [name, active, queueSet.isIdle, quiescing, queueSet.waiting, queueSet.executing, queueSet.dispatched, queueSet.rejected, 0, queueSet.cancelled].map(String);
  });
  return table([header, ...rows]);
}

export function dumpQueues({ configuration }: DumpSource): string {
  const header = ['PriorityLevelName', 'Index', 'PendingRequests', 'ExecutingRequests', 'SeatsInUse', 'NextDispatchR', 'InitialSeatsSum', 'MaxSeatsSum', 'TotalWorkSum'];
  const rows = sorted(configuration).flatMap(({ name, queueSet }) =>
    queueSet.queues.map(({ index, waiting, executing, seatsInUse, nextDispatchR, waitingSeats, waitingWork }) => {
      const initial = waiting.reduce((sum, { work }) => sum + work.initialSeats, 0);
      return [name, index, waiting.length, executing.size, seatsInUse, seatSeconds(nextDispatchR), initial, waitingSeats, seatSeconds(waitingWork)].map(String);
    }),
  );
  return table([header, ...rows]);
}

export function dumpRequests(source: DumpSource, { details }: { readonly details: boolean }): string {
  const header = ['PriorityLevelName', 'FlowSchemaName', 'QueueIndex', 'RequestIndexInQueue', 'FlowDistingsher', 'ArriveTime', 'InitialSeats', 'FinalSeats', 'AdditionalLatency', 'StartTime'];
  const more = details ? ['UserName', 'Verb', 'APIPath', 'Namespace', 'Name', 'APIVersion', 'Resource', 'SubResource'] : [];
  const rows = sorted(source.configuration).flatMap(({ name, queueSet }) => {
    const row = (request: FairRequest, queueIndex: number, indexInQueue: number): string[] => [name, ...requestRow(source, { request, queueIndex, indexInQueue, details })];
    const queued = queueSet.queues.flatMap(({ index, waiting, executing }) => [
      ...waiting.map((request, position) => row(request, index, position)),
      ...[...executing].map((request) => row(request, index, -1)),
    ]);
    return [...queued, ...[...queueSet.queueless].map((request) => row(request, -1, -1))];
  });
  return table([[...header, ...more], ...rows]);
}

interface RequestRow {
  readonly request: FairRequest;
  readonly queueIndex: number;
  readonly indexInQueue: number;
  readonly details: boolean;
}

function requestRow({ wallMs }: DumpSource, { request, queueIndex, indexInQueue, details }: RequestRow): string[] {
  const { flow, work, arrivalMs, startMs, state, asked: { user, info } } = request;
  const started = state === 'waiting' ? '0001-01-01T00:00:00Z' : nanoTime(wallMs(startMs));
  const columns = [flow.schema, queueIndex, indexInQueue, flow.distinguisher, nanoTime(wallMs(arrivalMs)), work.initialSeats, work.finalSeats, duration(work.additionalLatencyMs), started].map(String);
  if (!details) return columns;
  const apiVersion = info.apiGroup === '' ? info.apiVersion : `${info.apiGroup}/${info.apiVersion}`;
  return [...columns, user.name, info.verb, info.path, info.namespace, info.name, apiVersion, info.resource, info.subresource];
}

function sorted({ levels }: FlowConfiguration): PriorityLevel[] {
  return [...levels.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** As Go's tabwriter with cells of at least 8, one space between: a comma ends every cell but the last. */
function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell, index) => (index < row.length - 1 ? `${cell},` : cell)));
  const widths = (cells[0] ?? []).map((_cell, column) => Math.max(8, ...cells.map((row) => (row[column] ?? '').length + 1)));
  return cells.map((row) => `${row.map((cell, index) => (index < row.length - 1 ? cell.padEnd(widths[index] ?? 0) : cell)).join('')}\n`).join('');
}

/** `1.50000000ss` */
function seatSeconds(value: number): string {
  return `${Math.max(0, value).toFixed(8)}ss`;
}

function nanoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}

function duration(ms: number): string {
  return ms === 0 ? '0s' : ms < 1000 ? `${Number(ms.toFixed(6))}ms` : `${Number((ms / 1000).toFixed(9))}s`;
}
