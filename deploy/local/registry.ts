import { createJvm } from './jvm.ts';
import type { Jvm } from './jvm.ts';
import { REGISTRY } from './layout.ts';

const API = '/apis/ccompat/v7';

/** A schema registry with the Confluent API. It keeps its schemas in memory: started again, it has none. */
export interface Registry extends Jvm {
  /** The base of the Confluent API, without a slash at the end. */
  readonly url: string;
}

/** What a registry is made from. */
export interface RegistryOptions {
  readonly port: number;
  /** Holds its log. */
  readonly folder: string;
  readonly runFolder: string;
  /** Instead of the flag that makes it start from the class data archive. */
  readonly classDataFlag?: string;
}

/** Describes a registry without starting it. */
export function createRegistry({ port, folder, runFolder, classDataFlag }: RegistryOptions): Registry {
  const url = `http://127.0.0.1:${port}${API}`;
  const jvm = createJvm({
    name: 'registry',
    args: registryArgs(port, classDataFlag),
    logFolder: folder,
    runFolder,
    // An answer alone might come from another registry that has taken the port.
    isReady: async (log) => log.includes('Listening on') && (await answers(`${url}/subjects`)),
  });
  return Object.assign(jvm, { url });
}

function registryArgs(port: number, classDataFlag = `-XX:SharedArchiveFile=${REGISTRY.classData}`): string[] {
  const settings = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': port,
    'quarkus.http.access-log.enabled': false,
    'quarkus.log.category."io.quarkus".level': 'INFO',
  };
  const properties = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  return [classDataFlag, '-Xmx128m', ...properties, '-jar', REGISTRY.jar];
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
