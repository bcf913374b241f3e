import type { ConsumerGroup } from '../../src/kafka/kafkajs/types.ts';

type Places = readonly { readonly topic: string; readonly partitions: readonly number[] }[];

/** A group of which only is known which of its partitions are paused, and how often one was read on. */
export function pausedGroup() {
  const paused = new Set<string>();
  const resumed: string[] = [];
  const named = (places: Places): string[] =>
    places.flatMap(({ topic, partitions }) => partitions.map((partition) => `${topic}:${partition}`));
  const group = {
    pause: (places: Places) => named(places).forEach((name) => paused.add(name)),
    resume: (places: Places) => {
      for (const name of named(places)) {
        paused.delete(name);
        resumed.push(name);
      }
    },
  };
  return { group: group as unknown as ConsumerGroup, paused, resumed };
}
