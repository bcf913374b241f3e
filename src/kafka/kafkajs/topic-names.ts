import type { Kafka } from 'kafkajs';
import type { Topology } from '../../core/topology.ts';
import './patched.ts';

/** The retry topics there are, whether their delay is still configured or not. */
export async function retryTopicsOf(kafka: Kafka, topology: Topology): Promise<string[]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).filter((topic) => topology.roleOf(topic) === 'retry');
  } finally {
    await admin.disconnect();
  }
}
