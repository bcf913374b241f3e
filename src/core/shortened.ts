/** As long as any id and code of the interface may be, in Unicode code points. */
const LONGEST_FIELD = 64;

/**
 * A text of others, such as an event's field, as it may stand in a line of the log, an outcome or a header: where it is
 * longer than `most`, its beginning and an ellipsis. Looks at no more of it than it keeps.
 *
 * @param most in Unicode code points, the ellipsis not counted
 */
export function shortened(text: string, most = LONGEST_FIELD): string {
  const points = Array.from(text.slice(0, 2 * (most + 1)));
  return points.length <= most ? text : `${points.slice(0, most).join('')}…`;
}
