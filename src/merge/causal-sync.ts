// What comes in: merged rows, in order, and how far the order is final. What goes out: the same rows, `--sync tcp`: no cause after its effect.
// Guaranteed: each row goes out once; sorted by (time, host, epoch, sequence), late ones aside; rows of a host keep their order; a pair of
// receptions that TCP itself orders (tcp-causes.ts) stands in that order, or its hosts are named in `contradictions`; bounds stay true.
// The rule: time is cut every KNOT_NS. At each cut one shift for each host solves all pairs of the two pieces beside it (causal-offsets.ts);
// between cuts a shift is a straight line. A pair between two cuts holds at both, so it holds at any one time between; but its two rows stand
// at two times, and the line rises between them. So there are two passes: the first brings inversions down from milliseconds to
// microseconds, the second asks pairs to hold by as much as its own small shifts can rise between the two rows. Delay: 4 pieces a pass. Pure.
import type { MergedRows } from '../base/merged-rows.js';
import { LATE, OBSERVED, type RecordBatch, GAP } from '../base/record-batch.js';
import { connectedHosts, type HostShift, type Lag, solveShifts } from './causal-offsets.js';
import { TcpCauses } from './tcp-causes.js';

const KNOT_NS = 250e6;
/** Two clocks part by at most this within a piece, each by its drift and its wander (capture/clock-corridor.ts). */
const PARTED_NS = 2 * 215e-6 * KNOT_NS;
/** A host whose times may be wrong by more is left as it is: shifts stay small against a piece. */
const MOVABLE_NS = KNOT_NS / 2.5;
/** What the second pass may add: more than any inversion that the first can leave, less than matters to a bound. */
const FINE_NS = 0.2e6;
/** Times are whole nanoseconds at both ends. */
const ROUNDING_NS = 2;

interface Row {
  readonly batch: RecordBatch;
  readonly row: number;
}

/** What one piece of time holds. */
interface Piece {
  readonly rows: Row[];
  /** Widest bound of each host's rows. */
  readonly errorsNs: Map<number, number>;
  /** Least lag of each pair of hosts, by `cause,effect`. */
  readonly lags: Map<string, Lag>;
}

export class CausalSync {
  readonly #coarse = new Pass(undefined);
  readonly #fine = new Pass(FINE_NS);

  /** Hosts whose bounds and packets contradict each other somewhere: a clock is wrong beyond its bound, or addresses are translated. */
  get contradictions(): ReadonlySet<number> {
    return new Set([...this.#coarse.contradictions, ...this.#fine.contradictions]);
  }

  /**
   * @param rows in order
   * @param untilNs no row earlier than this will come, late ones aside
   */
  take(rows: MergedRows, untilNs: number): MergedRows {
    const late: Row[] = [];
    for (let index = 0; index < rows.length; index += 1) {
      const batch = rows.batches[rows.batchOf[index] as number] as RecordBatch;
      const row = rows.rowOf[index] as number;
      if (((batch.bits[row] as number) & LATE) !== 0) late.push({ batch, row });
      else this.#coarse.put(batch, row);
    }
    return mergedRows([...late, ...this.#through(untilNs)]);
  }

  /** The rest. */
  flush(): MergedRows {
    return mergedRows(this.#through(Number.POSITIVE_INFINITY));
  }

  #through(untilNs: number): Row[] {
    for (const { batch, row } of this.#coarse.settle(untilNs)) this.#fine.put(batch, row);
    return this.#fine.settle(this.#coarse.safeNs);
  }
}

class Pass {
  readonly #causes = new TcpCauses();
  /** By number: piece k is from k × KNOT_NS on. */
  readonly #pieces = new Map<number, Piece>();
  /** Widest bound of each host's rows in the two pieces before the next one. */
  #past: (Piece['errorsNs'] | undefined)[] = [];
  /** Lags of pieces that are done, and the piece that each is from. */
  readonly #known = new Map<string, Lag & { readonly piece: number }>();
  readonly contradictions = new Set<number>();
  /** No row earlier than this will come out. */
  safeNs = Number.NEGATIVE_INFINITY;
  /** What a shift may be at most, and pairs hold with a margin; undefined: what the rows' bounds say, without a margin. */
  readonly #limitNs: number | undefined;
  /** The next piece to be settled. */
  #next: number | undefined;
  /** The shifts at the beginning of piece `#shiftsAt`. */
  #shifts = new Map<number, HostShift>();
  #shiftsAt: number | undefined;
  #settled: Row[] = [];

  constructor(limitNs: number | undefined) {
    this.#limitNs = limitNs;
  }

  put(batch: RecordBatch, row: number): void {
    const tNs = batch.tNs[row] as number;
    const number = Math.floor(tNs / KNOT_NS);
    this.#next ??= number;
    const piece = this.#piece(number);
    piece.rows.push({ batch, row });
    if (batch.kind[row] === OBSERVED || batch.kind[row] === GAP) return;
    piece.errorsNs.set(batch.host, Math.max(piece.errorsNs.get(batch.host) ?? 0, batch.errorNs[row] as number));
    for (const { causeHost, causeNs, effectHost, effectNs } of this.#causes.take(batch, row)) {
      const lag = { causeHost, effectHost, lagNs: effectNs - causeNs - ROUNDING_NS };
      // A pair that lies in two pieces holds in both, and in those between.
      const [first, last] = [Math.floor(Math.min(causeNs, effectNs) / KNOT_NS), Math.floor(Math.max(causeNs, effectNs) / KNOT_NS)];
      if (lag.lagNs > 4 * KNOT_NS) continue;
      for (let at = Math.max(first, this.#next); at <= last; at += 1) keepLeast(this.#piece(at).lags, lag);
    }
  }

  #piece(number: number): Piece {
    let piece = this.#pieces.get(number);
    if (piece === undefined) {
      piece = { rows: [], errorsNs: new Map(), lags: new Map() };
      this.#pieces.set(number, piece);
    }
    return piece;
  }

  /** Settles every piece behind which three more are known. @returns the rows that nothing can precede any more */
  settle(untilNs: number): Row[] {
    const out: Row[] = [];
    while (this.#next !== undefined && this.#pieces.size > 0 && (this.#next + 4) * KNOT_NS <= untilNs) {
      const number = this.#next;
      const before = this.#shiftsAt === number ? this.#shifts : this.#solve(number);
      const after = this.#solve(number + 1);
      for (const { batch, row } of this.#pieces.get(number)?.rows ?? []) {
        shift(batch, row, (batch.tNs[row] as number) / KNOT_NS - number, before.get(batch.host), after.get(batch.host), this.#limitNs === undefined);
        this.#settled.push({ batch, row });
      }
      this.#past = [this.#past[1], this.#pieces.get(number)?.errorsNs];
      this.#pieces.delete(number);
      this.#shifts = after;
      this.#shiftsAt = number + 1;
      // Where nothing happened there is nothing to settle.
      this.#next = this.#pieces.size === 0 ? undefined : Math.min(...this.#pieces.keys());
      const leastNs = Math.min(0, ...[...after.values()].map(({ shiftNs }) => shiftNs));
      this.safeNs = this.#next === undefined ? (number + 1) * KNOT_NS - MOVABLE_NS : Math.min((number + 1) * KNOT_NS + leastNs, (number + 2) * KNOT_NS - MOVABLE_NS);
      out.push(...this.#release(this.safeNs));
    }
    if (untilNs !== Number.POSITIVE_INFINITY) return out;
    this.safeNs = untilNs;
    return [...out, ...this.#release(untilNs)];
  }

  #release(untilNs: number): Row[] {
    this.#settled.sort(inOrder);
    const end = this.#settled.findIndex(({ batch, row }) => (batch.tNs[row] as number) > untilNs);
    return this.#settled.splice(0, end === -1 ? this.#settled.length : end);
  }

  /** The shifts at the beginning of a piece, of all hosts that have rows near it: a pair may have one end in the piece before or behind. */
  #solve(number: number): Map<number, HostShift> {
    const sides = [this.#pieces.get(number - 1), this.#pieces.get(number)];
    const fresh = new Map<string, Lag>();
    for (const side of sides) for (const lag of side?.lags.values() ?? []) keepLeast(fresh, lag);
    const errorsNs = new Map<number, number>();
    for (const near of [...this.#past, ...[-1, 0, 1, 2].map((step) => this.#pieces.get(number + step)?.errorsNs)]) {
      for (const [host, errorNs] of near ?? []) errorsNs.set(host, Math.max(errorsNs.get(host) ?? 0, errorNs));
    }
    const hosts = [...errorsNs.keys()].filter((host) => (errorsNs.get(host) ?? 0) <= MOVABLE_NS);
    // No line rises by more: from one end of what a shift may be to the other within a piece.
    const slope = this.#limitNs === undefined ? 0 : (2 * this.#limitNs) / KNOT_NS;
    const reachNs = (host: number) => Math.min(this.#limitNs ?? Number.POSITIVE_INFINITY, errorsNs.get(host) ?? 0);
    const place = new Map(hosts.map((host, index) => [host, index]));
    const aged = new Map(fresh);
    for (const lag of this.#known.values()) keepLeast(aged, { ...lag, lagNs: lag.lagNs + PARTED_NS * (number - lag.piece) });
    for (const [key, lag] of this.#pieces.get(number - 1)?.lags ?? []) {
      const known = this.#known.get(key);
      if (known === undefined || lag.lagNs <= known.lagNs + PARTED_NS * (number - known.piece)) this.#known.set(key, { ...lag, piece: number });
    }
    const found = new Map<number, HostShift>();
    const placed = (lags: Iterable<Lag>): Lag[] =>
      [...lags].flatMap((lag) => {
        const [causeHost, effectHost] = [place.get(lag.causeHost), place.get(lag.effectHost)];
        if (causeHost === undefined || effectHost === undefined) return [];
        return [{ causeHost, effectHost, lagNs: lag.lagNs - slope * Math.abs(lag.lagNs) }];
      });
    const [every, recent] = [placed(aged.values()), placed(fresh.values())];
    for (const group of connectedHosts(hosts.length, every)) {
      const names = group.map((index) => hosts[index] as number);
      const shifts = this.#solveGroup(group, names.map(reachNs), every, recent);
      if (shifts === undefined) for (const host of names) this.contradictions.add(host);
      names.forEach((host, index) => void found.set(host, shifts?.[index] ?? { shiftNs: 0, errorNs: reachNs(host) }));
    }
    return found;
  }

  /** With all that is known; where that contradicts itself, since clocks have moved, with what is fresh. */
  #solveGroup(group: readonly number[], errorsNs: readonly number[], every: readonly Lag[], recent: readonly Lag[]): HostShift[] | undefined {
    const own = new Map(group.map((index, at) => [index, at]));
    const within = (lags: readonly Lag[]) =>
      lags.flatMap((lag) => {
        const [causeHost, effectHost] = [own.get(lag.causeHost), own.get(lag.effectHost)];
        return causeHost === undefined || effectHost === undefined ? [] : [{ causeHost, effectHost, lagNs: lag.lagNs }];
      });
    return solveShifts(errorsNs, within(every)) ?? solveShifts(errorsNs, within(recent));
  }
}

function keepLeast(lags: Map<string, Lag>, lag: Lag): void {
  const key = `${lag.causeHost},${lag.effectHost}`;
  const known = lags.get(key);
  if (known === undefined || lag.lagNs < known.lagNs) lags.set(key, lag);
}

/**
 * @param part how far between the two cuts, 0 to 1
 * @param isBound what the shifts leave open bounds the truth too
 */
function shift(batch: RecordBatch, row: number, part: number, before: HostShift | undefined, after: HostShift | undefined, isBound: boolean): void {
  const [left, right] = [before ?? after, after ?? before];
  if (left === undefined || right === undefined) return;
  const shiftNs = Math.round(left.shiftNs + part * (right.shiftNs - left.shiftNs));
  batch.tNs[row] = (batch.tNs[row] as number) + shiftNs;
  if (batch.kind[row] === OBSERVED || batch.kind[row] === GAP) return;
  batch.correctionNs[row] = (batch.correctionNs[row] as number) + shiftNs;
  const errorNs = (batch.errorNs[row] as number) + Math.abs(shiftNs);
  batch.errorNs[row] = isBound ? Math.min(errorNs, Math.ceil(left.errorNs + part * (right.errorNs - left.errorNs) + PARTED_NS)) : errorNs;
}

function inOrder(left: Row, right: Row): number {
  return (
    (left.batch.tNs[left.row] as number) - (right.batch.tNs[right.row] as number) ||
    left.batch.host - right.batch.host ||
    left.batch.epoch - right.batch.epoch ||
    (left.batch.sequence[left.row] as number) - (right.batch.sequence[right.row] as number)
  );
}

function mergedRows(rows: readonly Row[]): MergedRows {
  const batches = [...new Set(rows.map(({ batch }) => batch))];
  const place = new Map(batches.map((batch, index) => [batch, index]));
  return { length: rows.length, batches, batchOf: Uint32Array.from(rows, ({ batch }) => place.get(batch) ?? 0), rowOf: Uint32Array.from(rows, ({ row }) => row) };
}
