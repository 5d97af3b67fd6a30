import { TimingHistogram } from '../../../kube/apimachinery/metrics/metric-values.ts';
import { DemandIntegrator } from './seat-demand.ts';

export const SEAT_UTILIZATION_BOUNDS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
export const REQUEST_UTILIZATION_BOUNDS = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1];
export const DEMAND_BOUNDS = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6];

/** What is known of a priority level over time: for lending seats, and for metrics. */
export class LevelGauges {
  readonly demand: DemandIntegrator;
  readonly seatUtilization: TimingHistogram;
  readonly requestsWaiting: TimingHistogram;
  readonly requestsExecuting: TimingHistogram;
  readonly demandSeats: TimingHistogram;

  constructor(nowMs: number) {
    this.demand = new DemandIntegrator(nowMs);
    this.seatUtilization = new TimingHistogram(SEAT_UTILIZATION_BOUNDS, nowMs);
    this.requestsWaiting = new TimingHistogram(REQUEST_UTILIZATION_BOUNDS, nowMs);
    this.requestsExecuting = new TimingHistogram(REQUEST_UTILIZATION_BOUNDS, nowMs);
    this.demandSeats = new TimingHistogram(DEMAND_BOUNDS, nowMs);
  }

  update({ waiting, executing, seatsInUse, seatsWaiting }: { readonly waiting: number; readonly executing: number; readonly seatsInUse: number; readonly seatsWaiting: number }, nowMs: number): void {
    this.demand.set(seatsInUse + seatsWaiting, nowMs);
    this.demandSeats.set(seatsInUse + seatsWaiting, nowMs);
    this.seatUtilization.set(seatsInUse, nowMs);
    this.requestsExecuting.set(executing, nowMs);
    this.requestsWaiting.set(waiting, nowMs);
  }

  setDenominators({ seats, queueCapacity, nominalSeats }: { readonly seats: number; readonly queueCapacity: number; readonly nominalSeats: number }, nowMs: number): void {
    this.seatUtilization.setDenominator(seats, nowMs);
    this.requestsExecuting.setDenominator(seats, nowMs);
    this.requestsWaiting.setDenominator(queueCapacity, nowMs);
    this.demandSeats.setDenominator(nominalSeats, nowMs);
  }

  settle(nowMs: number): void {
    for (const timing of [this.seatUtilization, this.requestsWaiting, this.requestsExecuting, this.demandSeats]) timing.settle(nowMs);
  }
}
