// Loaded into a service by `NODE_OPTIONS=--import …`: does to it from inside what no one can do from outside.
const { TROUBLE = '', TROUBLE_TEXT = '' } = process.env;

process.on('SIGUSR2', () => {
  const [kind, ms] = TROUBLE.split(':');
  const error = Object.assign(new Error('nobody caught this'), { options: { headers: { signature: TROUBLE_TEXT } } });
  if (kind === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
  if (kind === 'reject') void Promise.reject(error);
  if (kind === 'throw') throw error;
  if (kind === 'print') console.log(JSON.stringify({ leaked: TROUBLE_TEXT }));
});
