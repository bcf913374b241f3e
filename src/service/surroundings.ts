import { watchKeys } from '../http/key-watch.ts';
import { createSender } from '../http/sender.ts';
import { createKafka, type KafkaSettings } from '../kafka/kafkajs/client.ts';
import { startAdminServer } from '../ops/admin-server.ts';
import { measureProcess } from '../ops/instruments.ts';
import type { kafkaLogCreator } from '../ops/kafka-log.ts';
import type { LogOptions } from '../ops/log.ts';
import { logDestination } from '../ops/log-destination.ts';

/** By what means the service reaches what lies outside its process. */
export interface Surroundings {
  readonly createKafka: (
    settings: KafkaSettings,
    logs: ReturnType<typeof kafkaLogCreator>,
  ) => ReturnType<typeof createKafka>;
  readonly createSender: typeof createSender;
  readonly startAdminServer: typeof startAdminServer;
  readonly watchKeys: typeof watchKeys;
  readonly logDestination: (dropped: () => void) => LogOptions['stream'];
  readonly measureProcess: typeof measureProcess;
}

/** The machine that the process runs on, its network and its files. */
export const MACHINE: Surroundings = {
  createKafka,
  createSender,
  startAdminServer,
  watchKeys,
  logDestination: (dropped) => {
    const destination = logDestination(dropped);
    // Whatever ends the process: who keeps up with its log has every line.
    process.once('exit', () => destination.flush());
    return destination;
  },
  measureProcess,
};
