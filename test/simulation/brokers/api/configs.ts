import type { Handlers } from '../connection.ts';
import { ERROR } from '../error-codes.ts';
import type { Parts } from '../parts.ts';
import { configOf, TOPIC_DEFAULTS } from '../topic-configs.ts';
import type { Topic } from '../topics.ts';

const TOPIC_RESOURCE = 2;
const [TOPIC_SOURCE, DEFAULT_SOURCE] = [1, 5];

/** How topics are set. */
export function configHandlers({ topics, authorizer }: Parts): Pick<Handlers, 'DescribeConfigs'> {
  return {
    DescribeConfigs: ({ resources, includeSynonyms }, { principal }) => ({
      throttleTimeMs: 0,
      results: resources.map(({ type, name, keys }) => {
        const refuse = (errorCode: number, errorMessage: string) => ({
          ...{ errorCode, errorMessage, type, name, configs: [] },
        });
        if (type !== TOPIC_RESOURCE) return refuse(ERROR.INVALID_REQUEST, 'only topics are described here');
        if (!authorizer.allows(principal, 'DESCRIBE_CONFIGS', 'topic', name))
          return refuse(ERROR.TOPIC_AUTHORIZATION_FAILED, 'Topic authorization failed.');
        const topic = topics.get(name);
        if (topic === undefined) return refuse(ERROR.UNKNOWN_TOPIC_OR_PARTITION, '');
        const configs = Object.keys(TOPIC_DEFAULTS)
          .filter((key) => keys === null || keys.includes(key))
          .map((key) => describedConfig(topic, key, includeSynonyms));
        return { errorCode: ERROR.NONE, errorMessage: '', type, name, configs };
      }),
    }),
  };
}

function describedConfig(topic: Topic, name: string, withSynonyms: boolean) {
  const value = configOf(topic, name);
  const standard = { name, value: TOPIC_DEFAULTS[name] ?? null, source: DEFAULT_SOURCE };
  const source = topic.configs.has(name) ? TOPIC_SOURCE : DEFAULT_SOURCE;
  const own = source === TOPIC_SOURCE ? [{ name, value, source }] : [];
  return { name, value, readOnly: false, source, isSensitive: false, synonyms: withSynonyms ? [...own, standard] : [] };
}
