/** What simulated and real brokers have in common where a script depends on it. */
export const INITIAL_DELAY_MS = 800;
/** May do what is granted, and nothing else. */
export const USER = 'somebody';
export const PASSWORD = 'conformance-4d1f';
