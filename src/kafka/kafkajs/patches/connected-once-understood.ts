import { privatePart } from '../private-parts.ts';

/**
 * Before its first request a broker is asked which versions it understands. Where that fails and the connection comes up again
 * by itself, kafkajs takes the broker for connected, asks it no more, and fails every request to it from then on.
 */
interface Broker {
  connect: (this: Broker) => Promise<void>;
  isConnected: (this: Broker) => boolean;
}

const { prototype } = privatePart('broker/index.js') as { prototype: Broker };
const { connect, isConnected } = prototype;
/** Have been connected to the end, and know what to ask from then on. */
const understood = new WeakSet<Broker>();

prototype.isConnected = function () {
  return understood.has(this) && isConnected.call(this);
};

prototype.connect = async function () {
  await connect.call(this);
  understood.add(this);
};
