// A small chart of lines over steps.
import { html } from '../view.js';

const WIDTH = 560;
const HEIGHT = 180;
const EDGE = 8;

function pathOf(points, name, lastStep) {
  const known = points.filter((point) => Number.isFinite(point[name]));
  if (known.length < 2) {
    return null;
  }
  const values = known.map((point) => point[name]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const x = (step) => EDGE + ((WIDTH - 2 * EDGE) * step) / lastStep;
  const y = (value) => HEIGHT - EDGE - ((HEIGHT - 2 * EDGE) * (value - least)) / (most - least || 1);
  return known.map((point, i) => `${i ? 'L' : 'M'}${x(point.step).toFixed(1)} ${y(point[name]).toFixed(1)}`).join('');
}

/** Each line in a scale of its own: what counts is where it goes. */
export function Curve({ points, lines }) {
  const lastStep = points.at(-1).step || 1;
  const drawn = lines.map((line) => ({ ...line, path: pathOf(points, line.name, lastStep) })).filter((line) => line.path);
  const words = drawn.map(({ label, name }) => `${label} ${points.findLast((point) => Number.isFinite(point[name]))[name].toPrecision(3)}`);
  return html`
    <figure class="curve">
      <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${words.join(', ')}>
        ${drawn.map(({ name, path }) => html`<path key=${name} class=${`line-${name}`} d=${path} />`)}
      </svg>
      <figcaption>${drawn.map(({ name }, i) => html`<span key=${name} class=${`key-${name}`}>${words[i]}</span>`)}</figcaption>
    </figure>
  `;
}
