// Control units: what a picture has to follow, any number of them.
import { drawingAnnotator, hasHint, takes } from '../request.js';
import { begin } from '../history.js';
import { Carried } from '../parts/carried.js';
import { Button, Choice, Range, Select, Slider, Switch } from '../parts/controls.js';
import { DrawingEditor } from '../parts/drawing.js';
import { Icon } from '../parts/icons.js';
import { styles } from '../parts/strokes.js';
import { api } from '../api.js';
import { kindsFor } from '../making.js';
import {
  addUnit,
  changeUnit,
  copyUnit,
  draft,
  faults,
  hints,
  lastUnit,
  moveUnit,
  removeUnit,
  server,
} from '../state.js';
import { t, word } from '../texts.js';
import { html, useSignal } from '../view.js';
import { PictureEditor } from './picture.js';
import { PoseEditor, firstPose } from './pose.js';
import { ScribbleEditor } from './scribble.js';
import { SegmentationEditor } from './segmentation.js';

/** How a hint of a kind can come to be: by hand, or from a picture. */
function sourcesOf(kind) {
  const byHand =
    { pose: 'pose', segmentation: 'segmentation' }[kind] ?? (drawingAnnotator(kind) !== 'none' ? 'drawing' : null);
  return byHand ? [byHand, 'picture'] : ['picture'];
}

function changeKind(unit, kind) {
  const sources = sourcesOf(kind);
  const source = unit.source === 'picture' && unit.picture ? 'picture' : sources[0];
  const pose = kind === 'pose' && unit.pose.doc.people.length === 0 ? firstPose() : unit.pose;
  changeUnit(unit.key, { kind, source, pose, annotator: null, options: {}, model: null, isHint: false });
}

const editors = { drawing: ScribbleEditor, pose: PoseEditor, segmentation: SegmentationEditor, picture: PictureEditor };

function HintPreview({ unit }) {
  const hint = hints.value[unit.key];
  if (!hasHint(unit)) {
    return html`<p class="quiet">${t('hint.none')}</p>`;
  }
  return html`
    <figure class=${`hint ${hint?.isBusy ? 'busy' : ''}`}>
      ${hint?.url ? html`<img src=${hint.url} alt=${t('hint.preview')} />` : html`<span class="blank"></span>`}
      <figcaption>${t('hint.seen')}</figcaption>
    </figure>
  `;
}

// What a field of the unit says by itself.
const said = ['annotator', 'weight', 'mode', 'resize', 'model', 'more', 'combine', 'transfer'];

const Warnings = ({ unit }) => {
  const hint = hints.value[unit.key];
  const fault = faults.value.find(({ member }) => {
    const [key, part] = member?.split('.') ?? [];
    return key === unit.key && !said.includes(part);
  });
  return html`
    ${(hint?.warnings ?? []).map((warning) => html`<p class="warning">${warning.text}</p>`)}
    ${hint?.error && html`<p class="fault" role="alert">${hint.error}</p>`}
    ${fault && html`<p class="fault" role="alert">${fault.message}</p>`}
  `;
};

function MaskEditor({ unit, size }) {
  const backdrop = hints.value[unit.key]?.url ?? (unit.picture ? api.uploadUrl(unit.picture.sha256) : null);
  return html`
    <p class="quiet">${t('mask.how')}</p>
    <${DrawingEditor}
      history=${unit.mask}
      onChange=${(mask) => changeUnit(unit.key, { mask })}
      style=${styles.mask}
      size=${size}
      width=${0.12}
      backdrop=${backdrop}
      label=${t('mask')}
    />
  `;
}

function Unit({ unit, index, count }) {
  const isMasking = useSignal(false);
  const { model, width, height } = draft.value;
  const size = { width, height };
  const set = (part) => changeUnit(unit.key, part);
  const offered = kindsFor(model);
  const kinds = offered.some(({ kind }) => kind === unit.kind) ? offered : [...offered, { kind: unit.kind }];
  const sources = sourcesOf(unit.kind);
  const Editor = editors[unit.source];
  const known = server.value.controls.find((row) => row.kind === unit.kind)?.controlNets ?? [];
  const files = unit.model && !known.includes(unit.model) ? [...known, unit.model] : known;
  const mask = () => {
    if (unit.mask === null) {
      set({ mask: begin({ base: null, ops: [] }) });
    }
    isMasking.value = !isMasking.value;
  };
  const title = t('control', { n: index + 1 });
  return html`
    <section
      class=${`card unit ${unit.on ? '' : 'off'}`}
      role="group"
      aria-label=${title}
      onFocusIn=${() => (lastUnit.value = unit.key)}
    >
      <header>
        <h3>${title}</h3>
        <select
          aria-label=${t('kind')}
          value=${unit.kind}
          onChange=${(event) => changeKind(unit, event.currentTarget.value)}
        >
          ${kinds.map(
            ({ kind }) => html`
              <option key=${kind} value=${kind} selected=${kind === unit.kind}>${word('kind', kind)}</option>
            `,
          )}
        </select>
        <${Switch} label=${t('on')} checked=${unit.on} onChange=${(on) => set({ on })} />
        <span class="steps">
          ${
            count > 1 &&
            html`
              <${Button}
                icon="up"
                label=${t('unit.up')}
                disabled=${index === 0}
                onClick=${() => moveUnit(unit.key, -1)}
              />
              <${Button}
                icon="down"
                label=${t('unit.down')}
                disabled=${index === count - 1}
                onClick=${() => moveUnit(unit.key, 1)}
              />
            `
          }
          <${Button} icon="copy" label=${t('unit.copy')} onClick=${() => copyUnit(unit.key)} />
          <${Button} icon="close" label=${t('unit.remove')} onClick=${() => removeUnit(unit.key)} />
        </span>
      </header>
      ${
        sources.length > 1 &&
        html`<${Choice}
          kind="tabs"
          label=${t('source')}
          value=${unit.source}
          choices=${sources.map((source) => ({ value: source, label: t(`source.${source}`) }))}
          onChange=${(source) => set({ source, ...(source === 'pose' && unit.pose.doc.people.length === 0 && { pose: firstPose() }) })}
        />`
      }
      <div class="editor"><${Editor} key=${unit.source} unit=${unit} size=${size} /></div>
      <${Warnings} unit=${unit} />
      <${Carried} members=${unit.carried} onChange=${(carried) => set({ carried })} />
      <div class="beside">
        <${HintPreview} unit=${unit} />
        <div>
          <${Slider}
            label=${t('weight')}
            member=${`${unit.key}.weight`}
            min="0"
            max="2"
            step="0.05"
            value=${typeof unit.weight === 'number' ? unit.weight : 1}
            onInput=${(weight) => set({ weight })}
            format=${(number) => (typeof unit.weight === 'number' ? number.toFixed(2) : unit.weight)}
          />
          <${Range}
            label=${t('range')}
            start=${unit.start}
            end=${unit.end}
            onChange=${(start, end) => set({ start, end })}
          />
        </div>
      </div>
      <details>
        <summary>${t('unit.more')}</summary>
        <div class="grid">
          ${
            takes(unit.kind, 'mode') &&
            html`<${Select}
              label=${t('mode')}
              member=${`${unit.key}.mode`}
              value=${unit.mode}
              choices=${['balanced', 'prompt', 'control'].map((value) => ({ value, label: t(`mode.${value}`) }))}
              onChange=${(mode) => set({ mode })}
            />`
          }
          <${Select}
            label=${t('resize')}
            member=${`${unit.key}.resize`}
            value=${unit.resize}
            choices=${['crop', 'fill', 'just'].map((value) => ({ value, label: t(`resize.${value}`) }))}
            onChange=${(resize) => set({ resize })}
          />
          ${
            files.length > 0 &&
            html`<${Select}
              label=${t('controlnet')}
              member=${`${unit.key}.model`}
              value=${unit.model ?? ''}
              choices=${[
                { value: '', label: t('controlnet.auto') },
                ...files.map((name) => ({ value: name, label: name })),
              ]}
              onChange=${(name) => set({ model: name || null })}
            />`
          }
        </div>
        <span class="tools">
          <${Button} icon="mask" text=${t('mask.paint')} aria-pressed=${isMasking.value} onClick=${mask} />
          ${unit.mask && html`<${Button} icon="close" text=${t('mask.remove')} onClick=${() => ((isMasking.value = false), set({ mask: null }))} />`}
        </span>
        ${isMasking.value && unit.mask && html`<${MaskEditor} unit=${unit} size=${size} />`}
      </details>
    </section>
  `;
}

export function Units() {
  const { units } = draft.value;
  const add = () => {
    const kind = kindsFor(draft.value.model)[0].kind;
    const isThere = kindsFor(draft.value.model).some((row) => row.kind === 'scribble');
    const chosen = isThere ? 'scribble' : kind;
    addUnit({ kind: chosen, source: sourcesOf(chosen)[0] });
  };
  return html`
    <div class="units">
      ${units.map((unit, index) => html`<${Unit} key=${unit.key} ...${{ unit, index, count: units.length }} />`)}
      <button type="button" class="button wide" onClick=${add}>
        <${Icon} name="plus" /><span>${t('addControl')}</span>
      </button>
    </div>
  `;
}
