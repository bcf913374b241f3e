import './patches/connected-once-understood.ts';
import './patches/fetch-as-bytes.ts';
import './patches/group-hooks.ts';
import './patches/headers-without-value.ts';
import './patches/join-in-two-steps.ts';
import './patches/metadata-age.ts';
import './patches/no-fetch-after-stop.ts';
import './patches/one-socket-at-a-time.ts';
import './patches/request-queue-timer.ts';
import './patches/request-timeouts.ts';

/** kafkajs with everything done to it that README.md beside this file lists. */
export { default as kafkajs } from 'kafkajs';
