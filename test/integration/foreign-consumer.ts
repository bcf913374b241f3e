import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { spawnJava } from '../../deploy/local/java.ts';
import { KAFKA, LOGGING } from '../../deploy/local/layout.ts';
import type { World } from '../support/world.ts';

/** Kafka's own console consumer in a world's group, where it has no business. */
export interface ForeignConsumer {
  /** What it said so far: records and errors. */
  readonly said: () => string;
  /** Resolves when it has ended. */
  readonly exited: Promise<unknown>;
  /** Ends it, so that it leaves the group. */
  end(): Promise<void>;
}

/** Starts one on the source topic; it commits nothing, and ends with the test. */
export async function foreignConsumer(world: World, protocol: 'classic' | 'consumer'): Promise<ForeignConsumer> {
  const properties = [`group.protocol=${protocol}`, 'enable.auto.commit=false', 'auto.offset.reset=earliest'];
  const child = await spawnJava(
    [
      ...[`-XX:SharedArchiveFile=${KAFKA.toolClassData}`, `-Dlog4j2.configurationFile=${LOGGING}`, '-Dlog.level=ERROR'],
      ...['-Xmx256m', '-cp', KAFKA.classPath, 'org.apache.kafka.tools.consumer.ConsoleConsumer'],
      ...['--bootstrap-server', world.settings['KAFKA_BROKERS'] ?? '', '--topic', world.source, '--group', world.group],
      ...properties.flatMap((property) => ['--command-property', property]),
    ],
    'pipe',
  );
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    said: () => said,
    exited,
    end: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
