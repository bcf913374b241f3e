/** The import rules of src/README.md: core ← pipeline ← kafka | http | ops ← service ← cli; core ← settings | inspect. */
const only = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: `^src/${from}` },
  to: { path: '^src/', pathNot: `^src/(${[from, ...to].join('|')})` },
});
const packages = (name, allowed, pkgs) => ({
  name,
  severity: 'error',
  comment: `Only ${allowed} knows ${pkgs.join(', ')}.`,
  from: { path: '^src/', pathNot: `^src/(${allowed})` },
  to: { path: `node_modules/(${pkgs.join('|')})/` },
});
/** Inside src/kafka: consumer → topics, lanes → group, produce → kafkajs → wire; avro stands apart. */
const room = (name, others) => ({
  name: `kafka-${name}-looks-down`,
  severity: 'error',
  from: { path: `^src/kafka/${name}/` },
  to: { path: '^src/kafka/', pathNot: `^src/kafka/(${[name, ...others].join('|')})/` },
});

module.exports = {
  forbidden: [
    only('core-is-alone', 'core/', []),
    only('pipeline-knows-core', 'pipeline/', ['core/']),
    only('kafka-is-an-adapter', 'kafka/', ['core/', 'pipeline/']),
    only('http-is-an-adapter', 'http/', ['core/', 'pipeline/']),
    only('ops-is-an-adapter', 'ops/', ['core/', 'pipeline/']),
    only('inspect-reads', 'inspect/', ['core/', 'kafka/(kafkajs|avro|topics)/']),
    only('operate-looks-and-writes', 'operate/', [
      'core/',
      'inspect/',
      'kafka/(kafkajs|avro|topics|produce)/',
      'http/',
    ]),
    only('settings-know-core', 'settings/', ['core/']),
    only('service-wires', 'service/', ['core/', 'pipeline/', 'kafka/', 'http/', 'ops/', 'settings/']),
    only('simulator-judges-alone', 'simulator/', ['core/signature', 'core/codes', 'core/misconfigured']),
    {
      name: 'a-command-joins-no-group',
      severity: 'error',
      from: { path: '^src/(cli|operate|inspect)/' },
      to: { path: '^src/kafka/(consumer|group/|lanes/)' },
    },
    {
      name: 'a-table-of-settings-knows-no-loader',
      severity: 'error',
      from: { path: '^src/settings/(kinds|setting|sections/)' },
      to: { path: '^src/settings/', pathNot: '^src/settings/(kinds|setting|certificates)\\.ts$' },
    },
    room('wire', []),
    room('avro', []),
    room('kafkajs', ['wire']),
    room('group', ['kafkajs', 'wire']),
    room('produce', ['kafkajs', 'wire', 'avro']),
    room('lanes', ['group', 'kafkajs', 'wire']),
    room('topics', ['group', 'kafkajs', 'wire']),
    packages('codecs-in-wire', 'kafka/wire/', ['kafkajs-snappy', 'lz4js', 'fzstd']),
    packages('avro-in-avro', 'kafka/(avro/|produce/emitter)', ['@kafkajs', 'avsc']),
    packages('kafkajs-in-kafka', 'kafka/(?!avro/|wire/)', ['kafkajs']),
    {
      name: 'kafkajs-is-used-patched',
      severity: 'error',
      comment: 'Values of kafkajs come from src/kafka/kafkajs/patched.ts, so that nobody uses it unpatched.',
      from: { path: '^(src|deploy)/', pathNot: '^src/kafka/kafkajs/(patched|private-parts)' },
      to: { path: 'node_modules/kafkajs/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'one-door-into-kafkajs',
      severity: 'error',
      comment: 'The private parts of kafkajs are known for one version: src/kafka/kafkajs/private-parts.ts asks which.',
      from: { path: '^(src|deploy)/', pathNot: '^src/kafka/kafkajs/private-parts' },
      to: { path: 'node_modules/kafkajs/src/' },
    },
    packages('got-in-http', 'http/', ['got']),
    packages('pino-in-ops', 'ops/', ['pino', 'prom-client', '@opentelemetry']),
    packages('commander-in-cli', 'cli/', ['commander', 'cli-table3']),
    packages('zod-in-settings', '(settings/|simulator/)', ['zod']),
    { name: 'core-is-pure', severity: 'error', from: { path: '^src/core/' }, to: { dependencyTypes: ['core', 'npm'] } },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    {
      name: 'local-starts-brokers-only',
      severity: 'error',
      from: { path: '^deploy/local/' },
      to: { path: '^(src|test|deploy/(?!local/))' },
    },
    {
      name: 'simulated-brokers-judge-alone',
      severity: 'error',
      comment: 'Brokers that shared more with the service than the reading of bytes would share its mistakes.',
      from: { path: '^test/simulation/brokers/' },
      to: { path: '^(src/(?!kafka/wire/)|test/(?!simulation/brokers/)|deploy/)' },
    },
    { name: 'no-tests-in-product', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|deploy)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
