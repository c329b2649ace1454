// A map of classes: paint and fill with named colours.
import { edit } from '../history.js';
import { api } from '../api.js';
import { Drawing, DrawingTools } from '../parts/drawing.js';
import { Select } from '../parts/controls.js';
import { styles } from '../parts/strokes.js';
import { changeUnit, server } from '../state.js';
import { t, word } from '../texts.js';
import { html, useSignal } from '../view.js';

// The names that are at hand; all others are in the list.
const common = [
  'sky', 'tree', 'grass', 'house', 'mountain', 'road', 'water', 'person', 'wall', 'floor', 'windowpane', 'sofa', 'door', 'path',
];

export function SegmentationEditor({ unit, size }) {
  const { classes } = server.value.drawing;
  const colourOf = (name) => classes.find((row) => row.name === name).colour;
  const pen = useSignal({ tool: 'pen', width: 0.06, name: 'tree', colour: colourOf('tree'), mirror: false });
  const set = (history) => changeUnit(unit.key, { classes: history });
  const choose = (name) => (pen.value = { ...pen.value, name, colour: colourOf(name) });
  const open = async (file) => {
    const { sha256 } = await api.upload(file);
    set(edit(unit.classes, { base: api.uploadUrl(sha256), ops: [] }));
  };
  const swatch = (name) => html`
    <label key=${name} class="swatch">
      <input type="radio" name=${`class-${unit.key}`} checked=${pen.value.name === name} onChange=${() => choose(name)} />
      <span><i style=${{ background: colourOf(name) }}></i>${word('class', name)}</span>
    </label>
  `;
  const known = common.filter((name) => classes.some((row) => row.name === name));
  return html`
    <${Drawing} history=${unit.classes} onChange=${set} style=${styles.classes} size=${size} pen=${pen.value} />
    <${DrawingTools}
      history=${unit.classes}
      onChange=${set}
      pen=${pen.value}
      onPen=${(value) => (pen.value = value)}
      tools=${['pen', 'line', 'fill', 'eraser']}
      onImport=${open}
    />
    <fieldset class="swatches" aria-label=${t('classes')}>
      ${[...known, ...(known.includes(pen.value.name) ? [] : [pen.value.name])].map(swatch)}
    </fieldset>
    <${Select}
      label=${t('classes.all')}
      kind="inline"
      value=${pen.value.name}
      choices=${classes.map(({ name }) => ({ value: name, label: word('class', name) }))}
      onChange=${choose}
    />
  `;
}
