import { post } from './post.ts';

/** The least that the job takes, without Kafka: `LANES` loops that sign, post and verify as fast as they can, for ever. */
async function lane(name: number): Promise<never> {
  for (let number = 0; ; number += 1) {
    const paymentId = `BARE-${String(name)}-${String(number)}`;
    const paymentResult = { resultStatus: 'S', resultCode: 'SUCCESS', resultMessage: 'success' };
    await post({ paymentId, paymentRequestId: `REQ-${paymentId}`, paymentTime: Date.now(), paymentResult });
  }
}

process.send?.('ready');
await Promise.all(Array.from({ length: Number(process.env['LANES']) }, (_, name) => lane(name)));
