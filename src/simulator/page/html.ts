/** Markup whose texts are escaped: by {@link html}, or because they are our own. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup with values in it: whatever is no markup itself is escaped, for text and for quoted attributes. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (Html | readonly Html[] | string | number)[]
): Html {
  return new Html(parts.map((part, at) => part + (at < values.length ? markupOf(values[at] ?? '') : '')).join(''));
}

function markupOf(value: Html | readonly Html[] | string | number): string {
  if (value instanceof Html) return value.markup;
  if (typeof value === 'object') return value.map(({ markup }) => markup).join('\n');
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
