// Loaded into a service by `NODE_OPTIONS=--import …`: patches what OpenTelemetry's instrumentations patch, and marks it as
// they do. `PATCHED` names some of them, as OTEL_NODE_DISABLED_INSTRUMENTATIONS does.
import https from 'node:https';
import kafkajs from 'kafkajs';

const patched = (process.env.PATCHED ?? '').split(',');

function wrap(owner, name) {
  const original = owner[name];
  const wrapper = function (...args) {
    return original.apply(this, args);
  };
  owner[name] = Object.defineProperty(wrapper, '__wrapped', { value: true });
}

if (patched.includes('kafkajs')) wrap(kafkajs.Kafka.prototype, 'producer');
if (patched.includes('http')) wrap(https, 'request');
