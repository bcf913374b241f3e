import type { Section } from '../dashboard.ts';
import { graph, largest, rate, series } from '../panels.ts';

/** What the processes take. */
export const processes: Section = {
  title: 'Processes',
  panels: [
    graph(
      {
        title: 'CPU',
        description: 'Cores in use by member. Nearly all of it is signatures and connections.',
        unit: 'short',
        width: 8,
      },
      [{ expr: rate('process_cpu_seconds_total', ['instance']), legend: '{{instance}}' }],
    ),
    graph(
      {
        title: 'Memory',
        description: 'Resident memory and used heap by member. The heap is limited to 75 % of the container.',
        unit: 'bytes',
        width: 8,
      },
      [
        { expr: largest('process_resident_memory_bytes', ['instance']), legend: 'resident {{instance}}' },
        { expr: largest('nodejs_heap_size_used_bytes', ['instance']), legend: 'heap {{instance}}' },
      ],
    ),
    graph(
      {
        title: 'Event loop lag',
        description: '99th percentile by member. Past some 100 ms, heartbeats and time limits suffer.',
        unit: 's',
        width: 8,
      },
      [{ expr: largest('nodejs_eventloop_lag_p99_seconds', ['instance']), legend: '{{instance}}' }],
      { alertAbove: 0.25 },
    ),
    graph(
      {
        title: 'Garbage collection',
        description: 'Part of the time spent on it by member.',
        unit: 'percentunit',
        width: 8,
      },
      [{ expr: rate('nodejs_gc_duration_seconds_sum', ['instance']), legend: '{{instance}}' }],
    ),
    graph(
      {
        title: 'Log lines dropped',
        description: 'Lines per second that nobody took from standard output. Sending goes on; the log has a gap.',
        unit: 'cps',
        width: 8,
      },
      [{ expr: rate('notifier_log_lines_dropped_total', ['instance']), legend: '{{instance}}' }],
    ),
    graph(
      {
        title: 'Samples in a scrape',
        description: 'Series a member shows. They grow with its partitions, and never with payments.',
        unit: 'short',
        width: 8,
      },
      [{ expr: `max by (instance) (${series('scrape_samples_scraped')})`, legend: '{{instance}}' }],
      { alertAbove: 2_400 },
    ),
  ],
};
