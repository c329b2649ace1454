// Ready examples, one for each use: a click puts it on the screen.
import { begin } from '../history.js';
import { peopleOf, poses } from '../parts/skeleton.js';
import { api } from '../api.js';
import { change, EMBEDDED, faults, newUnit, notify, preset, server, shown } from '../state.js';
import { t } from '../texts.js';
import { batch, html } from '../view.js';
import { presets } from '../presets/presets.js';

const drawn = (base) => begin({ base, ops: [] });

/** A preset's unit: its drawing, map or pose on the editor's sheet, or its picture as an upload. */
async function unitOf({ kind, drawing, classes, pose, picture, isHint = false }) {
  if (drawing) {
    return newUnit({ kind, source: 'drawing', drawing: drawn(drawing) });
  }
  if (classes) {
    return newUnit({ kind, source: 'segmentation', classes: drawn(classes) });
  }
  if (pose) {
    const people = typeof pose === 'string' ? [poses[pose]] : peopleOf(pose);
    return newUnit({ kind, source: 'pose', pose: begin({ people }) });
  }
  return newUnit({ kind, source: 'picture', picture: await api.upload(await api.bytes(picture)), isHint });
}

export async function take(name) {
  const chosen = presets.find((each) => each.name === name);
  try {
    const units = await Promise.all(chosen.units.map(unitOf));
    batch(() => {
      preset.value = name;
      shown.value = { id: null, index: 0 };
      faults.value = [];
      const { defaults, models } = server.value;
      const model = models.find(({ isEmbedded }) => isEmbedded) ?? models[0];
      const side = model?.nativeSize ?? 256;
      change({
        ...defaults,
        guidanceScale: null,
        negativePrompt: '',
        model: model?.name ?? EMBEDDED,
        width: side,
        height: side,
        batch: 1,
        initial: null,
        upscale: null,
        carried: {},
        ...chosen.request,
        keepSeed: false,
        units,
      });
    });
  } catch (refusal) {
    notify(refusal.message, true);
  }
}

export function Presets() {
  return html`
    <nav class="presets" aria-label=${t('presets.title')}>
      <ul aria-label=${t('presets')}>
        ${presets.map(
          ({ name, thumb }) => html`
            <li key=${name}>
              <button type="button" aria-pressed=${preset.value === name} onClick=${() => take(name)}>
                <img src=${thumb} alt="" width="56" height="56" />
                <span>${t(`preset.${name}`)}</span>
              </button>
            </li>
          `,
        )}
      </ul>
    </nav>
  `;
}
