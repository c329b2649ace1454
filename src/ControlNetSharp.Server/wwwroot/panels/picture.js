// A unit's picture: dropped, pasted, chosen, photographed, or the last one that was made; and what looks at it.
import { Button, Fault, FileButton, Select, Slider } from '../parts/controls.js';
import { send } from '../parts/files.js';
import { api } from '../api.js';
import { takes } from '../request.js';
import { changeUnit, draft, notify, picturesOf, server, shown, shownJob } from '../state.js';
import { t, word } from '../texts.js';
import { html, useSignal } from '../view.js';

/** Gives a unit a picture of the person's. */
export async function givePicture(key, file, isHint = false) {
  try {
    const upload = await send(file);
    changeUnit(key, { source: 'picture', picture: { ...upload, name: file.name }, isHint });
  } catch (refusal) {
    notify(refusal.message, true);
  }
}

/** What units have that look at several pictures: the further ones, and what is taken of them. */
function FurtherPictures({ unit }) {
  const { ranges } = server.value;
  const set = (part) => changeUnit(unit.key, part);
  const add = async (file) => {
    try {
      const upload = await send(file);
      // Several files may come at once.
      const { more } = draft.value.units.find(({ key }) => key === unit.key);
      set({ more: [...more, upload] });
    } catch (refusal) {
      notify(refusal.message, true);
    }
  };
  const choice = (member) => html`
    <${Select}
      label=${t(member)}
      member=${`${unit.key}.${member}`}
      value=${unit[member]}
      choices=${ranges[`units.${member}`].words.map((value) => ({ value, label: word(member, value) }))}
      onChange=${(value) => set({ [member]: value })}
    />
  `;
  return html`
    <section class="further" role="group" aria-label=${t('picture.more')}>
      <ul aria-label=${t('picture.more')}>
        ${unit.more.map(
          ({ sha256 }, i) => html`
            <li key=${`${sha256} ${i}`}>
              <img src=${api.uploadUrl(sha256)} alt=${t('picture.more.of', { n: i + 1 })} />
              <${Button}
                icon="close"
                label=${t('picture.more.remove', { n: i + 1 })}
                onClick=${() => set({ more: unit.more.toSpliced(i, 1) })}
              />
            </li>
          `,
        )}
      </ul>
      <${FileButton} icon="plus" text=${t('picture.more.add')} accept="image/*" multiple onFile=${add} />
      <${Fault} member=${`${unit.key}.more`} />
    </section>
    <div class="grid">${choice('transfer')} ${unit.more.length > 0 && choice('combine')}</div>
  `;
}

const lastPicture = () => picturesOf(shownJob.value)[shown.value.index];

export function PictureEditor({ unit }) {
  const isOver = useSignal(false);
  const row = server.value.controls.find((control) => control.kind === unit.kind);
  const annotators = (row?.annotators ?? []).filter(
    (annotator) => !annotator.isForDrawings || annotator.name === unit.annotator,
  );
  const chosen =
    annotators.find(({ name }) => name === unit.annotator) ?? annotators.find(({ isDefault }) => isDefault);
  const drop = (event) => {
    event.preventDefault();
    event.stopPropagation();
    isOver.value = false;
    [...event.dataTransfer.files].slice(0, 1).forEach((file) => givePicture(unit.key, file));
  };
  const over = (event) => {
    event.preventDefault();
    isOver.value = true;
  };
  const useLast = async () => {
    const file = lastPicture();
    await givePicture(unit.key, new File([await api.bytes(file.url)], file.name, { type: file.mediaType }));
  };
  const option = (choice) => {
    const value = unit.options[choice.name] ?? choice.default;
    const set = (number) => changeUnit(unit.key, { options: { ...unit.options, [choice.name]: number } });
    return choice.words?.length > 0
      ? html`<${Select}
          key=${choice.name}
          label=${word('option', choice.name)}
          value=${String(value)}
          choices=${choice.words.map((label, i) => ({ value: String(i), label }))}
          onChange=${(index) => set(Number(index))}
        />`
      : html`<${Slider}
          key=${choice.name}
          label=${word('option', choice.name)}
          min=${choice.min}
          max=${choice.max}
          step=${choice.whole ? 1 : (choice.max - choice.min) / 200}
          value=${value}
          onInput=${set}
          format=${(number) => (choice.whole ? number : number.toFixed(2))}
        />`;
  };
  return html`
    <div
      class=${`drop ${isOver.value ? 'over' : ''}`}
      onDrop=${drop}
      onDragOver=${over}
      onDragLeave=${() => (isOver.value = false)}
    >
      ${
        unit.picture
          ? html`<img src=${api.uploadUrl(unit.picture.sha256)} alt=${t('picture.yours')} />`
          : html`<p>${t('picture.drop')}</p>`
      }
    </div>
    <div class="tools">
      <${FileButton}
        icon="open"
        text=${t('picture.choose')}
        accept="image/*,.json,.npy,.npz,.pfm,.exr,.tif,.tiff"
        onFile=${(file) => givePicture(unit.key, file)}
      />
      <${FileButton}
        icon="camera"
        text=${t('picture.camera')}
        accept="image/*"
        capture="environment"
        onFile=${(file) => givePicture(unit.key, file)}
      />
      ${lastPicture() && html`<${Button} icon="again" text=${t('picture.last')} onClick=${useLast} />`}
      ${
        annotators.length > 0 &&
        html`<label class="check">
          <input
            type="checkbox"
            checked=${unit.isHint}
            onChange=${(event) => changeUnit(unit.key, { isHint: event.currentTarget.checked })}
          />
          ${t('picture.isHint')}
        </label>`
      }
    </div>
    ${takes(unit.kind, 'more') && html`<${FurtherPictures} unit=${unit} />`}
    ${
      !unit.isHint &&
      annotators.length > 0 &&
      html`
        <${Select}
          label=${t('annotator')}
          member=${`${unit.key}.annotator`}
          value=${chosen?.name ?? ''}
          choices=${annotators
            .filter((annotator) => annotator.isAvailable !== false)
            .map(({ name, meaning }) => ({
              value: name,
              label: `${word('annotator', name)}${meaning ? ` – ${meaning}` : ''}`,
            }))}
          onChange=${(annotator) => changeUnit(unit.key, { annotator, options: {} })}
        />
        <div class="options">${(chosen?.options ?? []).map(option)}</div>
      `
    }
  `;
}
