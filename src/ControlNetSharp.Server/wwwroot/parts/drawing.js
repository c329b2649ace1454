// A sheet to draw on: pen with pressure, line, eraser, fill; by mouse, finger, pen and keyboard.
import { edit, redo, refine, undo } from '../history.js';
import { t } from '../texts.js';
import { html, useEffect, useLayoutEffect, useMemo, useRef, useSignal } from '../view.js';
import { Button, Choice, FileButton, Slider } from './controls.js';
import { Sheet, load } from './strokes.js';

const STEP = 0.02;
const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

const inside = (value) => Math.min(1, Math.max(0, value));

/** Follows a pointer or the keys, and gives each stroke as it grows. */
function usePen({ history, onChange, pen, isLine }) {
  const now = useRef(null);
  now.current = { history, onChange, pen, isLine };
  const stroke = useRef(null);
  const isQueued = useRef(false);

  const opOf = (points) => ({
    points,
    width: now.current.pen.width,
    colour: now.current.pen.colour,
    erase: now.current.pen.tool === 'eraser',
    mirror: now.current.pen.mirror,
  });

  const withLast = (op) => {
    const { doc } = now.current.history;
    return { ...doc, ops: [...doc.ops.slice(0, -1), op] };
  };

  const begin = (point) => {
    stroke.current = [point];
    const { doc } = now.current.history;
    now.current.onChange(edit(now.current.history, { ...doc, ops: [...doc.ops, opOf([point])] }));
  };

  const grow = (points) => {
    stroke.current = now.current.isLine ? [stroke.current[0], points.at(-1)] : [...stroke.current, ...points];
    if (!isQueued.current) {
      isQueued.current = true;
      requestAnimationFrame(() => {
        isQueued.current = false;
        if (stroke.current) {
          now.current.onChange(refine(now.current.history, withLast(opOf(stroke.current))));
        }
      });
    }
  };

  const end = () => {
    if (stroke.current) {
      now.current.onChange(refine(now.current.history, withLast(opOf(stroke.current))));
      stroke.current = null;
    }
  };

  const fill = ([x, y]) => {
    const { doc } = now.current.history;
    const op = { fill: [x, y], colour: now.current.pen.colour };
    now.current.onChange(edit(now.current.history, { ...doc, ops: [...doc.ops, op] }));
  };

  return { begin, grow, end, fill, isDown: () => stroke.current !== null };
}

/** The canvas itself. `backdrop` shows through a mask. */
export function Drawing({ history, onChange, style, size, pen, backdrop, label = t('drawing') }) {
  const canvas = useRef(null);
  const cursor = useSignal(null);
  const loaded = useSignal({});
  const sheet = useMemo(() => new Sheet(style, size), [style, size.width, size.height]);
  const hand = usePen({ history, onChange, pen, isLine: pen.tool === 'line' });
  const { doc } = history;

  useEffect(() => {
    for (const url of [doc.base, backdrop].filter(Boolean)) {
      load(url).then((picture) => (loaded.value = { ...loaded.value, [url]: picture }), () => {});
    }
  }, [doc.base, backdrop]);

  useLayoutEffect(() => {
    const context = canvas.current.getContext('2d');
    const { width, height } = canvas.current;
    const painted = sheet.paint(doc.ops, loaded.value[doc.base] ?? null);
    const behind = loaded.value[backdrop];
    context.globalAlpha = 1;
    if (behind) {
      context.drawImage(behind, 0, 0, width, height);
      context.globalAlpha = 0.55;
    }
    context.drawImage(painted, 0, 0);
  }, [doc, sheet, loaded.value, backdrop]);

  const pointOf = (event) => {
    const box = canvas.current.getBoundingClientRect();
    const pressure = event.pointerType === 'pen' ? event.pressure : 0.5;
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height), pressure];
  };

  const onPointerDown = (event) => {
    if (event.button !== 0) {
      return;
    }
    event.preventDefault();
    canvas.current.focus({ preventScroll: true });
    cursor.value = null;
    if (pen.tool === 'fill') {
      hand.fill(pointOf(event));
      return;
    }
    canvas.current.setPointerCapture(event.pointerId);
    hand.begin(pointOf(event));
  };

  const onPointerMove = (event) => {
    if (hand.isDown()) {
      const all = event.getCoalescedEvents?.() ?? [];
      hand.grow((all.length > 0 ? all : [event]).map(pointOf));
    }
  };

  const onKeyDown = (event) => {
    const [x, y] = cursor.value ?? [0.5, 0.5];
    if (MOVES[event.key]) {
      event.preventDefault();
      const [dx, dy] = MOVES[event.key];
      cursor.value = [inside(x + dx), inside(y + dy)];
      if (hand.isDown()) {
        hand.grow([[...cursor.value, 0.5]]);
      }
    } else if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault();
      cursor.value = [x, y];
      if (pen.tool === 'fill') {
        hand.fill([x, y]);
      } else if (hand.isDown()) {
        hand.end();
      } else {
        hand.begin([x, y, 0.5]);
      }
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z') {
      event.preventDefault();
      const step = event.shiftKey ? history.future.length > 0 && redo : history.past.length > 0 && undo;
      if (step) {
        onChange(step(history));
      }
    }
  };

  const blur = () => {
    hand.end();
    cursor.value = null;
  };

  return html`
    <div class="sheet" style=${{ aspectRatio: `${size.width} / ${size.height}` }}>
      <canvas
        ref=${canvas}
        width=${size.width}
        height=${size.height}
        class=${style.isHard ? 'hard' : ''}
        tabindex="0"
        role="application"
        aria-label=${label}
        aria-description=${t('drawing.keys')}
        onPointerDown=${onPointerDown}
        onPointerMove=${onPointerMove}
        onPointerUp=${hand.end}
        onPointerCancel=${hand.end}
        onKeyDown=${onKeyDown}
        onBlur=${blur}
      ></canvas>
      ${cursor.value &&
      html`<span
        class="cursor"
        style=${{ left: `${100 * cursor.value[0]}%`, top: `${100 * cursor.value[1]}%` }}
      ></span>`}
    </div>
  `;
}

/** The tools beside a sheet. */
export function DrawingTools({ history, onChange, pen, onPen, tools, onImport, children }) {
  return html`
    <div class="tools">
      <${Choice}
        label=${t('tool')}
        value=${pen.tool}
        onChange=${(tool) => onPen({ ...pen, tool })}
        choices=${tools.map((tool) => ({ value: tool, label: t(`tool.${tool}`), icon: tool }))}
      />
      <span class="steps">
        <${Button} icon="undo" label=${t('undo')} disabled=${history.past.length === 0} onClick=${() => onChange(undo(history))} />
        <${Button} icon="redo" label=${t('redo')} disabled=${history.future.length === 0} onClick=${() => onChange(redo(history))} />
        <${Button}
          icon="clear"
          label=${t('clear')}
          disabled=${history.doc.ops.length === 0 && history.doc.base === null}
          onClick=${() => onChange(edit(history, { base: null, ops: [] }))}
        />
        ${onImport && html`<${FileButton} icon="open" label=${t('import')} accept="image/*" onFile=${onImport} />`}
      </span>
      <${Slider}
        label=${t('penWidth')}
        value=${Math.round(1000 * pen.width)}
        min="4"
        max="160"
        isPlain
        onInput=${(width) => onPen({ ...pen, width: width / 1000 })}
      />
      ${children}
    </div>
  `;
}

/** A drawing with its tools; what the pen is like is the editor's own matter. */
export function DrawingEditor({ history, onChange, style, size, tools = ['pen', 'line', 'eraser'], width, backdrop, onImport, canMirror, label }) {
  const pen = useSignal({ tool: 'pen', width, colour: null, mirror: false });
  return html`
    <${Drawing} ...${{ history, onChange, style, size, backdrop, label }} pen=${pen.value} />
    <${DrawingTools} ...${{ history, onChange, tools, onImport }} pen=${pen.value} onPen=${(value) => (pen.value = value)}>
      ${canMirror &&
      html`<label class="check">
        <input
          type="checkbox"
          checked=${pen.value.mirror}
          onChange=${(event) => (pen.value = { ...pen.value, mirror: event.currentTarget.checked })}
        />
        ${t('mirror')}
      </label>`}
    <//>
  `;
}
