import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import ts from 'typescript';
import { CUSTOM_RESOURCES } from './custom-resources.ts';
import type { Manifest } from './manifests.ts';

/** Which package has the schemas of an API group. Kubernetes' own are the same in 1.35, 1.36 and 1.37 for all we use. */
const PACKAGES: readonly (readonly [apiVersion: RegExp, name: string])[] = [
  [/^(v1|apps\/v1|batch\/v1|policy\/v1|networking\.k8s\.io\/v1)$/, 'kubernetes-models'],
  [/^keda\.sh\//, '@kubernetes-models/keda'],
  [/^monitoring\.coreos\.com\//, '@kubernetes-models/prometheus-operator'],
];

/** A file that is never written; it stands where imports of packages are found. */
const CHECKED = fileURLToPath(new URL('manifests-as-code.ts', import.meta.url));

/**
 * What is wrong with objects by their schemas; a field that a schema does not know is wrong too, as it is for an API server
 * that is asked for `fieldValidation=Strict`. An object whose schema is not at hand is a problem.
 */
export async function problemsOf(manifests: readonly Manifest[]): Promise<string[]> {
  const known = manifests.filter((manifest) => moduleOf(manifest) !== undefined);
  const others = manifests.filter((manifest) => moduleOf(manifest) === undefined);
  return [...(await wrongValues(known)), ...unknownFields(known), ...others.flatMap(wrongCustomResource)];
}

function moduleOf({ apiVersion, kind }: Manifest): string | undefined {
  const found = PACKAGES.find(([pattern]) => pattern.test(apiVersion));
  return found && `${found[1]}/${apiVersion}/${kind}`;
}

function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}

async function wrongValues(manifests: readonly Manifest[]): Promise<string[]> {
  const problems: string[] = [];
  for (const manifest of manifests) {
    const models = (await import(moduleOf(manifest) ?? '')) as Record<string, new (data: unknown) => Model>;
    const model = models[manifest.kind];
    if (model === undefined) throw new Error(`no schema of ${manifest.apiVersion} ${manifest.kind}`);
    try {
      new model(manifest).validate();
    } catch (error) {
      problems.push(`${nameOf(manifest)}: ${String(error)}`);
    }
  }
  return problems;
}

interface Model {
  validate(): void;
}

/** The packages' validators let unknown fields pass; the compiler, with an object written as code, does not. */
function unknownFields(manifests: readonly Manifest[]): string[] {
  const code = manifests.map((manifest, at) => {
    const type = `import('${moduleOf(manifest) ?? ''}').I${manifest.kind}`;
    return `export const manifest${String(at)}: ${type} = ${JSON.stringify(manifest)};`;
  });
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
  };
  const host = ts.createCompilerHost(options);
  host.fileExists = (file) => file === CHECKED || ts.sys.fileExists(file);
  host.readFile = (file) => (file === CHECKED ? code.join('\n') : ts.sys.readFile(file));
  const program = ts.createProgram([CHECKED], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line;
    const manifest = manifests[line];
    return `${manifest === undefined ? '' : nameOf(manifest)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

const ajv = new Ajv({ allErrors: true });
addFormats.default(ajv);
const validators = new Map(Object.entries(CUSTOM_RESOURCES).map(([kind, schema]) => [kind, ajv.compile(schema)]));

function wrongCustomResource(manifest: Manifest): string[] {
  const validate = validators.get(`${manifest.apiVersion} ${manifest.kind}`);
  if (validate === undefined) return [`${nameOf(manifest)}: no schema of ${manifest.apiVersion} is at hand`];
  if (validate(manifest)) return [];
  return (validate.errors ?? []).map((error) => `${nameOf(manifest)}: ${ajv.errorsText([error])}`);
}
