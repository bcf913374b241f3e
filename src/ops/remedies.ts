import type { SYSTEMIC_CODES } from '../core/codes.ts';

/** What an operator can do about a hold, by its reason. */
export const HOLD_REMEDIES: Readonly<
  Record<(typeof SYSTEMIC_CODES)[number] | 'outage' | 'untrusted_response', string>
> = {
  ACCESS_DENIED: 'ask the gateway to grant this client id the notifyPushPayment interface',
  INVALID_CLIENT: 'correct GATEWAY_CLIENT_ID, and check that GATEWAY_URL is of the same environment',
  INVALID_SIGNATURE: 'check that the public key of the active key version is the one registered at the gateway',
  KEY_NOT_FOUND: 'register the active key version at the gateway, or make a registered version active',
  MEDIA_TYPE_NOT_ACCEPTABLE: 'check what stands between this service and the gateway: requests arrive changed',
  METHOD_NOT_SUPPORTED: 'check GATEWAY_URL: the address does not take this request',
  NO_INTERFACE_DEF: 'check GATEWAY_URL and its path: the gateway knows no such interface there',
  outage: 'check the network to GATEWAY_URL and the status of the gateway',
  untrusted_response:
    "check that GATEWAY_PUBLIC_KEYS_DIR holds the gateway's present key, and who answers at GATEWAY_URL",
};

/** What an operator can do about a hold. Sending resumes by itself once it is done. */
export function holdRemedy(reason: string): string {
  const known = Object.entries(HOLD_REMEDIES).find(([name]) => name === reason);
  return known?.[1] ?? `ask the gateway what ${reason} means for this client id`;
}

/** What an operator can do about records that cannot be read or written. */
export const WAITING_REMEDIES = {
  registry: 'check SCHEMA_REGISTRY_URL, its credentials and that the registry is up',
  parked:
    'look at what the gateway does not know (U): so many events wait for its verdict that no more are begun, or no more are ' +
    'read; it goes on as they are settled',
  open_transaction:
    'find its writer and end it (kafka-transactions.sh find-hanging, then abort); what is behind it is sent as soon as it has ended',
  retry: 'check that the retry topics exist, that this user may write to them and that enough replicas are in sync',
  dead_letter: 'check that the dead-letter topic exists, that this user may write to it and that replicas are in sync',
  outcome: 'check that OUTCOMES_TOPIC exists, that this user may write to it and that enough replicas are in sync',
} as const;

/** What an operator can do about a transaction that a killed redrive has left open, by what became of that. */
export const LEFT_OPEN_REMEDIES = {
  ended: 'start the redrive again, where letters are left to send: it goes on where it was killed',
  forbidden:
    'let this user WRITE the transactional id (kafka-acls --add --operation WRITE --transactional-id …); until then retries ' +
    'of these partitions wait for the brokers, which end it after 13 s at most by default',
  failed: 'nothing, it is tried again; the brokers end it too, after 13 s at most by default',
} as const;

/** What an operator can do about a batch whose bytes a disk or the network has changed. It is read as soon as it is well. */
export const CORRUPT_REMEDY =
  "move the partition's leader to a replica that is well (kafka-leader-election), and replace the disk of the broker that " +
  'led it; where no replica is well, export what can be read and set the group behind it with kafka-consumer-groups';

/** What an operator can do about a topic that was deleted, by what it is for. */
export const MISSING_REMEDIES = {
  source:
    'nothing new is read; make it again, upon which this process ends and says how to begin, or name another SOURCE_TOPIC',
  retry: 'records that have to wait there hold their partition; make it again with the partitions of the source',
  dead_letter: 'records that have to go there hold their partition; make it again with the partitions of the source',
} as const;

/** What an operator can do about a group that lets this service not in. It joins by itself once it is done. */
export const REFUSAL_REMEDIES = {
  taken: 'end what else uses this group (kafka-consumer-groups --describe --members), or set another KAFKA_GROUP_ID',
  other_source:
    'name the source of the others in SOURCE_TOPIC, or set another KAFKA_GROUP_ID: a group has one source, and this ' +
    'member gets nothing',
  forbidden: 'let this user read the group (READ on GROUP), or set a KAFKA_GROUP_ID that it may read',
} as const;
