// Lines on paper: for scribbles, and outlines for a colouring book.
import { edit } from '../history.js';
import { api } from '../api.js';
import { DrawingEditor } from '../parts/drawing.js';
import { styles } from '../parts/strokes.js';
import { changeUnit } from '../state.js';
import { html, useMemo } from '../view.js';

const WIDTH = 0.011;

export function ScribbleEditor({ unit, size }) {
  const set = (drawing) => changeUnit(unit.key, { drawing });
  const paper = useMemo(() => ({ width: 2 * size.width, height: 2 * size.height }), [size.width, size.height]);
  const open = async (file) => {
    const { sha256 } = await api.upload(file);
    set(edit(unit.drawing, { base: api.uploadUrl(sha256), ops: [] }));
  };
  return html`
    <${DrawingEditor} history=${unit.drawing} onChange=${set} style=${styles.ink} size=${paper} width=${WIDTH} onImport=${open} canMirror />
  `;
}
