const NAME = /^[a-zA-Z0-9._-]{1,249}$/;

/** Whether Kafka takes this for the name of a topic. */
export function isTopicName(name: string): boolean {
  return NAME.test(name) && name !== '.' && name !== '..';
}
