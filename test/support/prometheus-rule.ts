/** The rules as Prometheus reads them, relative to the root of the repository. */
export const RULES = 'deploy/observability/rules/payment-notifier.yaml';

/** The same rules as the Prometheus operator reads them; generated. */
export const PROMETHEUS_RULE = 'deploy/observability/prometheusrule.yaml';

/** @param rules the text of `RULES`; its comments come along */
export function prometheusRule(rules: string): string {
  const indented = rules.replaceAll(/^(?=.)/gm, '  ');
  return `# Generated from rules/payment-notifier.yaml: npm run docs
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: payment-notifier
spec:
${indented}`;
}
