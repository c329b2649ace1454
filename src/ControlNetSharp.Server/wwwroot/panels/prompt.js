// What the picture shows, how it is made, and the button.
import { api } from '../api.js';
import { Carried } from '../parts/carried.js';
import { Button, Field, FileButton, NumberBox, Select, Slider } from '../parts/controls.js';
import { Icon } from '../parts/icons.js';
import { DrawingEditor } from '../parts/drawing.js';
import { styles } from '../parts/strokes.js';
import { anySeed, cancel, press, startFromFile } from '../making.js';
import { isOnlyEnlarged } from '../request.js';
import { change, draft, isMaking, server, shown } from '../state.js';
import { t } from '../texts.js';
import { html, useSignal } from '../view.js';
import { Enlarge } from './enlarge.js';

/** Sizes around what the model was made for. */
function sizesOf(model, { width, height }) {
  const native = server.value.models.find(({ name }) => name === model)?.nativeSize ?? 512;
  const near = (factor) => Math.round((native * factor) / 64) * 64;
  const sizes = [
    [native, native],
    [near(1.25), native],
    [native, near(1.25)],
    [near(1.5), native],
    [native, near(1.5)],
    [near(1.5), near(1.5)],
  ];
  if (!sizes.some(([w, h]) => w === width && h === height)) {
    sizes.push([width, height]);
  }
  return sizes.map(([w, h]) => ({ value: `${w}x${h}`, label: `${w} × ${h}` }));
}

function Area({ label, member, value, rows, onInput }) {
  const onKeyDown = (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      press();
    }
  };
  return html`
    <${Field} ...${{ label, member }}>
      ${(names) => html`
        <textarea
          rows=${rows}
          spellcheck="false"
          ...${names}
          value=${value}
          onInput=${(event) => onInput(event.currentTarget.value)}
          onKeyDown=${onKeyDown}
        ></textarea>
      `}
    <//>
  `;
}

/** A picture to start from, with the part that is made anew. */
function Start() {
  const { initial, width, height } = draft.value;
  const set = (part) => change({ initial: { ...initial, ...part } });
  return html`
    <section class="card" role="group" aria-label=${t('start')}>
      <header>
        <h3>${t('start')}</h3>
        <${Button} icon="close" label=${t('start.remove')} onClick=${() => change({ initial: null })} />
      </header>
      ${
        isOnlyEnlarged(draft.value)
          ? html`<img src=${api.uploadUrl(initial.picture.sha256)} alt=${t('picture.yours')} />`
          : html`
              <p class="quiet">${t('start.how')}</p>
              <${DrawingEditor}
                history=${initial.mask}
                onChange=${(mask) => set({ mask })}
                style=${styles.mask}
                size=${{ width, height }}
                width=${0.14}
                backdrop=${api.uploadUrl(initial.picture.sha256)}
                label=${t('start.mask')}
              />
              <${Slider}
                label=${t('denoise')}
                member="initial.denoise"
                min="0"
                max="1"
                step="0.05"
                value=${initial.denoise}
                onInput=${(denoise) => set({ denoise })}
                format=${(number) => number.toFixed(2)}
              />
              <${Carried} members=${initial.carried} onChange=${(carried) => set({ carried })} />
              <${Carried} members=${initial.carriedMask} onChange=${(carriedMask) => set({ carriedMask })} />
            `
      }
    </section>
  `;
}

/** Whether a notification comes when a long job is done: the browser asks, once. */
function Tell() {
  const permission = useSignal(Notification.permission);
  const ask = async () => (permission.value = await Notification.requestPermission());
  return html`
    <label class="check">
      <input
        type="checkbox"
        checked=${permission.value === 'granted'}
        disabled=${permission.value !== 'default'}
        onChange=${ask}
      />
      ${t('tell')}
    </label>
  `;
}

export function Prompt() {
  const {
    prompt,
    negativePrompt,
    model,
    width,
    height,
    steps,
    sampler,
    scheduler,
    guidanceScale,
    seed,
    keepSeed,
    batch,
    initial,
    carried,
  } = draft.value;
  const guidance = guidanceScale ?? server.value.models.find(({ name }) => name === model)?.guidanceScale ?? 7;
  const { models, samplers, ranges } = server.value;
  const named = (rows) => rows.map(({ name }) => ({ value: name, label: name }));
  const limits = (member) => ({ min: ranges[member]?.min, max: ranges[member]?.max });
  return html`
    <section class="card prompt" aria-label=${t('whatToMake')}>
      <${Area}
        label=${t('prompt')}
        member="prompt"
        rows="3"
        value=${prompt}
        onInput=${(text) => change({ prompt: text })}
      />
      <${Area}
        label=${t('negativePrompt')}
        member="negativePrompt"
        rows="1"
        value=${negativePrompt}
        onInput=${(text) => change({ negativePrompt: text })}
      />
      <div class="go">
        <button type="button" class="button primary" onClick=${press}>
          <${Icon} name="spark" /><span>${t('generate')}</span>
        </button>
        ${
          isMaking.value &&
          html`<button type="button" class="button" onClick=${() => cancel(shown.value.id)}>
            <${Icon} name="stop" /><span>${t('cancel')}</span>
          </button>`
        }
      </div>
      <${Carried} members=${carried} onChange=${(left) => change({ carried: left })} />
      <div class="grid">
        <${NumberBox}
          label=${t('seed')}
          member="seed"
          ...${limits('seed')}
          step="1"
          value=${seed}
          onChange=${(value) => change({ seed: value, keepSeed: value !== null })}
        >
          <${Button}
            icon="dice"
            label=${t('seed.dice')}
            onClick=${() => change({ seed: anySeed(), keepSeed: false })}
          />
          <${Button}
            icon=${keepSeed ? 'keep' : 'loose'}
            label=${t('seed.keep')}
            aria-pressed=${keepSeed}
            onClick=${() => change({ keepSeed: !keepSeed })}
          />
        <//>
        <${NumberBox}
          label=${t('steps')}
          member="steps"
          ...${limits('steps')}
          step="1"
          value=${steps}
          onChange=${(value) => change({ steps: value })}
        />
      </div>
      <details>
        <summary>
          ${t('settings')}<small>${model} · ${width} × ${height} · ${sampler} · CFG ${guidance}</small>
        </summary>
        <div class="grid">
          <${Select}
            label=${t('model')}
            member="model"
            value=${model}
            choices=${models.map(({ name, title }) => ({ value: name, label: title ?? name }))}
            onChange=${(name) => {
              const side = models.find((row) => row.name === name)?.nativeSize ?? 512;
              change({ model: name, width: side, height: side });
            }}
          />
          <${Select}
            label=${t('size')}
            member="size"
            value=${`${width}x${height}`}
            choices=${sizesOf(model, { width, height })}
            onChange=${(size) => {
              const [w, h] = size.split('x').map(Number);
              change({ width: w, height: h });
            }}
          />
          <${Select}
            label=${t('sampler')}
            member="sampler"
            value=${sampler}
            choices=${named(samplers)}
            onChange=${(name) => change({ sampler: name })}
          />
          <${Select}
            label=${t('scheduler')}
            member="scheduler"
            value=${scheduler}
            choices=${ranges.scheduler.words.map((name) => ({ value: name, label: name }))}
            onChange=${(name) => change({ scheduler: name })}
          />
          <${Slider}
            label=${t('guidanceScale')}
            member="guidanceScale"
            min=${ranges.guidanceScale?.min ?? 1}
            max=${ranges.guidanceScale?.max ?? 30}
            step="0.5"
            value=${guidance}
            onInput=${(value) => change({ guidanceScale: value })}
          />
          <${NumberBox}
            label=${t('batch')}
            member="batch"
            ...${limits('batch')}
            step="1"
            value=${batch}
            onChange=${(value) => change({ batch: value })}
          />
        </div>
        ${!initial && html`<${FileButton} icon="open" text=${t('start')} accept="image/*" onFile=${startFromFile} />`}
        ${'Notification' in window && html`<${Tell} />`}
      </details>
      <${Enlarge} />
    </section>
    ${initial && html`<${Start} />`}
  `;
}
