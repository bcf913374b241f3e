/** Every figure that a round may bring, in the unit that its name ends with, and what it means. */
export const FIGURES = {
  cpuMicros: 'CPU of the process, µs an event',
  perSecond: 'events a second',
  lagMs: 'loop lag p99, ms',
  garbageKB: 'garbage on the heap, KB an event',
  memoryMiB: 'most memory, MiB',
  scrapeMs: 'a scrape, ms',
  brokerMicros: 'CPU of the brokers, µs an event',
  gatewayMicros: 'CPU of this gateway, µs an event',
  registryRequests: 'requests to the registry, each process in its life',
  leastShare: 'least share of a member',
  strangersPercent: 'others on the measured core, %',
  p50Ms: 'p50, ms',
  p99Ms: 'p99, ms',
  p999Ms: 'p999, ms',
  rateCpuMicros: 'CPU of the process, µs an event',
  rateGarbageKB: 'garbage on the heap, KB an event',
  rateBrokerMicros: 'CPU of the brokers, µs an event',
  idlePercent: 'CPU of the process, % of a core',
  idleBrokerPercent: 'CPU of the brokers, % of a core',
} as const;

export type FigureName = keyof typeof FIGURES;

/** What one round of one cell came to. */
export type Figures = Readonly<Partial<Record<FigureName, number>>>;
