/** The id of the transactions that close a group's dead letters, and of the group whose note keeps such runs apart. */
export function closingId(groupId: string): string {
  return `${groupId}.redrive`;
}

/**
 * A transaction that is left open holds up everyone who reads behind it, live retries too, until somebody ends it: so
 * short is its life, in milliseconds.
 */
export const CLOSING_TIMEOUT_MS = 3_000;
