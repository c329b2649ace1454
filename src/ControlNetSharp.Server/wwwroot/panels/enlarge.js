// A last pass that makes the picture larger, tile by tile.
import { NumberBox, Select, Slider, Switch } from '../parts/controls.js';
import { kindsFor } from '../making.js';
import { firstUpscale, isOnlyEnlarged, takes } from '../request.js';
import { change, draft, server } from '../state.js';
import { t, word } from '../texts.js';
import { html } from '../view.js';

const SCALE_STEP = 0.5;
const twoDigits = (number) => number.toFixed(2);

/** Rows and files that enlarge pixels; other rows enlarge latents, which is another pass. */
function upscalersFor({ upscalers, ranges }, chosen) {
  const rows = ranges['upscale.upscaler'].words;
  const latents = ranges['hires.upscaler'].words.filter((name) => !rows.includes(name));
  const names = upscalers.map(({ name }) => name).filter((name) => !latents.includes(name));
  return names.includes(chosen) ? names : [...names, chosen];
}

/** The kinds whose ControlNet can hold a tile to what is there. */
const controlsFor = (model) =>
  kindsFor(model).filter(({ kind, takesNetwork }) => takesNetwork && !takes(kind, 'more'));

function Fields({ upscale }) {
  const { ranges } = server.value;
  const set = (part) => change({ upscale: { ...upscale, ...part } });
  const limits = (member) => {
    const { min, max } = ranges[`upscale.${member}`];
    return { min, max, member: `upscale.${member}`, value: upscale[member] };
  };
  return html`
    ${isOnlyEnlarged(draft.value) && html`<p class="quiet">${t('enlarge.onlyStart')}</p>`}
    <${Slider}
      label=${t('enlarge.scale')}
      ...${limits('scale')}
      step=${SCALE_STEP}
      onInput=${(scale) => set({ scale })}
      format=${(number) => `${number} ×`}
    />
    <${Slider}
      label=${t('enlarge.denoise')}
      ...${limits('denoise')}
      step="0.05"
      onInput=${(denoise) => set({ denoise })}
      format=${twoDigits}
    />
    <div class="grid">
      <${Select}
        label=${t('enlarge.upscaler')}
        member="upscale.upscaler"
        value=${upscale.upscaler}
        choices=${upscalersFor(server.value, upscale.upscaler).map((name) => ({ value: name, label: name }))}
        onChange=${(upscaler) => set({ upscaler })}
      />
      <${Select}
        label=${t('enlarge.control')}
        member="upscale.control"
        value=${upscale.control ?? ''}
        choices=${[
          { value: '', label: t('enlarge.control.none') },
          ...controlsFor(draft.value.model).map(({ kind }) => ({ value: kind, label: word('kind', kind) })),
        ]}
        onChange=${(control) => set({ control: control || null, controlModel: null })}
      />
      <${NumberBox}
        label=${t('enlarge.tile')}
        ...${limits('tile')}
        step="8"
        placeholder=${t('enlarge.tile.native')}
        onChange=${(tile) => set({ tile })}
      />
      <${NumberBox}
        label=${t('enlarge.overlap')}
        ...${limits('overlap')}
        step="8"
        onChange=${(overlap) => set({ overlap })}
      />
    </div>
    ${
      upscale.control &&
      html`<${Slider}
        label=${t('weight')}
        ...${limits('controlWeight')}
        step="0.05"
        onInput=${(controlWeight) => set({ controlWeight })}
        format=${twoDigits}
      />`
    }
  `;
}

export function Enlarge() {
  const { upscale } = draft.value;
  return html`
    <details>
      <summary>
        ${t('enlarge')}<small>${upscale ? `${upscale.scale} ×` : t('enlarge.off')}</small>
      </summary>
      <${Switch}
        label=${t('enlarge.on')}
        describe=${t('enlarge.how')}
        checked=${upscale !== null}
        onChange=${(on) => change({ upscale: on ? firstUpscale() : null })}
      />
      ${upscale && html`<${Fields} upscale=${upscale} />`}
    </details>
  `;
}
