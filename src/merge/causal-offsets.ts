// What comes in: how far each host's times may be wrong, and for pairs of hosts the least time that lay between a cause at one and its effect at
// the other. What goes out: for each host what to add to its times, so that no cause stands after its effect, and what bound is left. Pure.
// The rule: with x what is to be added, each pair says x(cause) − x(effect) ≤ lag, each bound −error ≤ x ≤ error. All upper ends together solve
// such a system, so do all lower ends (shortest paths; Bellman 1958), and so does their middle, since the solutions are convex.

export interface Lag {
  readonly causeHost: number;
  readonly effectHost: number;
  /** Effect's time minus cause's, the least one seen; negative for an inversion. Nanoseconds. */
  readonly lagNs: number;
}

export interface HostShift {
  /** To be added to the host's times. */
  readonly shiftNs: number;
  /** Its times are then wrong by at most this. */
  readonly errorNs: number;
}

/** @returns undefined where bounds and pairs contradict each other: a bound is wrong, or a pair is none (address translation) */
export function solveShifts(errorsNs: readonly number[], lags: readonly Lag[]): HostShift[] | undefined {
  const high = [...errorsNs];
  const low = errorsNs.map((errorNs) => -errorNs);
  for (let round = 0; ; round += 1) {
    let moved = false;
    for (const { causeHost, effectHost, lagNs } of lags) {
      const most = (high[effectHost] as number) + lagNs;
      if (most < (high[causeHost] as number)) {
        high[causeHost] = most;
        moved = true;
      }
      const least = (low[causeHost] as number) - lagNs;
      if (least > (low[effectHost] as number)) {
        low[effectHost] = least;
        moved = true;
      }
    }
    if (!moved) break;
    // Still moving after one round for each host: a ring of pairs that can't all hold.
    if (round > errorsNs.length) return undefined;
  }
  const shifts = high.map((highNs, host) => ({ shiftNs: (highNs + (low[host] as number)) / 2, errorNs: (highNs - (low[host] as number)) / 2 }));
  return shifts.every(({ errorNs }) => errorNs >= 0) ? shifts : undefined;
}

/** Hosts that pairs connect, directly or through others: what contradicts itself in one such set is no concern of the others. */
export function connectedHosts(hosts: number, lags: readonly Lag[]): number[][] {
  const groupOf = Array.from({ length: hosts }, (_, host) => host);
  const root = (host: number): number => {
    let at = host;
    while (groupOf[at] !== at) at = groupOf[at] as number;
    return at;
  };
  for (const { causeHost, effectHost } of lags) groupOf[root(causeHost)] = root(effectHost);
  const groups = new Map<number, number[]>();
  for (let host = 0; host < hosts; host += 1) groups.set(root(host), [...(groups.get(root(host)) ?? []), host]);
  return [...groups.values()];
}
