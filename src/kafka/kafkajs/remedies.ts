/** What the words of an error ask of an operator; the first that fits. */
const BROKER_REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN/, 'check the names in KAFKA_BROKERS, and that this machine can resolve them'],
  [/^SASL/, 'check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD_FILE'],
  [/alert/, 'the brokers do not take our certificate: check KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE'],
  [/expired|not yet valid/, "renew the broker's certificate, and check the clock of this machine"],
  [/altnames/, 'name the brokers in KAFKA_BROKERS and in their advertised.listeners as their certificates do'],
  [/certificate/, "set KAFKA_SSL_CA_FILE to the authority that signed the brokers' certificates"],
  [
    /group coordinator/,
    'check that this user may read the group KAFKA_GROUP_ID (READ on GROUP), and that its coordinator is up',
  ],
  [
    /Closed connection|before secure TLS|SSL routines/,
    'check that KAFKA_BROKERS are up, and that KAFKA_SSL and KAFKA_SASL_* are what these listeners ask for',
  ],
];

/** What an operator can do where no broker serves us. */
export function brokerRemedy(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const known = BROKER_REMEDIES.find(([words]) => words.test(message));
  return known?.[1] ?? 'check KAFKA_BROKERS and that they are up';
}
