import { describe, expect, test } from 'vitest';
import { configWarnings } from '../../../src/settings/misspelt.ts';

const MARKER = 'hunter2-marker';

describe('a variable that is probably a misspelt setting', () => {
  test.each([
    ['GATEWAY_TIMOUT', 'GATEWAY_TIMEOUT'],
    ['KAFKA_BROKER', 'KAFKA_BROKERS'],
    ['ORDERING_', 'ORDERING'],
    ['KAFKA_SASL_PASSWORD', 'KAFKA_SASL_PASSWORD_FILE'],
    ['GATEWAY_AGENT_TOKEN', 'GATEWAY_AGENT_TOKEN_FILE'],
  ])('%s is taken for %s', (name, intended) => {
    expect(configWarnings({ [name]: MARKER })).toEqual([`${name} is not a setting; did you mean ${intended}?`]);
  });

  test.each(['HTTP_PROXY', 'KAFKA_PORT_9092_TCP', 'LOG_COLOURS', 'PATH', 'MY_GATEWAY_URL', 'http_port'])(
    '%s is of no concern',
    (name) => expect(configWarnings({ [name]: 'x' })).toEqual([]),
  );
});
