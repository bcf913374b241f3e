/** What is fetched of one broker: what has to come at once, and what would wait anyway. */
export type Share = 'urgent' | 'patient';

/** The longest that what would wait anyway is not asked for, in milliseconds. */
const PATIENT_MS = 500;

/**
 * Whose turn it is at a broker, which answers one fetch after the other. A broker goes through all partitions of a fetch for
 * each record that it brings. So those that have to come at once are asked for alone, in fetches that wait for news; between
 * them, twice a second and as often as they have news, those that would wait anyway, in fetches that wait for nothing.
 */
export class FetchTurns {
  #last: Share = 'urgent';
  /** Monotonic milliseconds. */
  #patientAt = Number.NEGATIVE_INFINITY;

  /**
   * @param wanted of which shares there is something to ask for
   * @param now monotonic milliseconds
   * @param longestMs that a fetch waits for news
   * @returns `undefined` where nothing is wanted
   */
  next(
    wanted: Readonly<Record<Share, boolean>>,
    now: number,
    longestMs: number,
  ): { readonly share: Share; readonly waitMs: number } | undefined {
    const untilPatient = Math.max(0, Math.ceil(this.#patientAt - now));
    const isPatientsTurn = untilPatient === 0 && this.#last === 'urgent';
    if (wanted.patient && (isPatientsTurn || !wanted.urgent)) {
      this.#last = 'patient';
      return { share: 'patient', waitMs: wanted.urgent ? 0 : longestMs };
    }
    if (!wanted.urgent) return undefined;
    this.#last = 'urgent';
    return { share: 'urgent', waitMs: wanted.patient ? Math.min(longestMs, untilPatient) : longestMs };
  }

  /** A broker has answered. @param hasNews whether there was something in it */
  answered(share: Share, hasNews: boolean, now: number): void {
    if (share === 'patient') this.#patientAt = hasNews ? now : now + PATIENT_MS;
  }
}
