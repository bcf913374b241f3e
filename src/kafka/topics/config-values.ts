import type { Admin, Kafka } from 'kafkajs';
import { kafkajs } from '../kafkajs/patched.ts';

/** How long each topic keeps its records, in milliseconds; negative = for ever. */
export async function retentionMs(kafka: Kafka, topics: readonly string[]): Promise<Record<string, number>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return Object.fromEntries(await configValues(admin, [...new Set(topics)], 'retention.ms'));
  } finally {
    await admin.disconnect();
  }
}

/** A setting of each topic as a number; 0 where it is none. */
export async function configValues(
  admin: Admin,
  topics: readonly string[],
  name: string,
): Promise<Map<string, number>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map((topic) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic,
      configNames: [name],
    })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Number(configEntries.find(({ configName }) => configName === name)?.configValue ?? 0),
    ]),
  );
}
