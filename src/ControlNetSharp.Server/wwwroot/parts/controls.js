// Small controls, each with its label and a place for what the server says against its value.
import { create as createRange } from '../lib/nouislider.mjs';
import { faultAt } from '../state.js';
import { t } from '../texts.js';
import { html, useEffect, useRef } from '../view.js';
import { Icon } from './icons.js';

let ids = 0;
export const useId = () => {
  const id = useRef(null);
  id.current ??= `field${++ids}`;
  return id.current;
};

/** A button: with words, or with an icon that its label explains. */
export const Button = ({ label, icon, text, kind = '', ...rest }) => html`
  <button
    type="button"
    class=${`button ${kind} ${text ? '' : 'iconic'}`}
    aria-label=${label}
    title=${text ? null : label}
    ...${rest}
  >
    ${icon && html`<${Icon} name=${icon} />`}${text && html`<span>${text}</span>`}
  </button>
`;

/** A button that opens files. */
export function FileButton({ label, icon, text, accept, capture, multiple, onFile }) {
  const input = useRef(null);
  const onChange = (event) => {
    [...event.currentTarget.files].forEach(onFile);
    event.currentTarget.value = '';
  };
  return html`
    <${Button} ...${{ label, icon, text }} onClick=${() => input.current.click()} />
    <input ref=${input} type="file" hidden ...${{ accept, capture, multiple, onChange }} />
  `;
}

/** What is wrong with a member of the request, beside its control. */
export function Fault({ member, id }) {
  const text = member && faultAt(member);
  return text ? html`<p class="fault" id=${id} role="alert">${text}</p>` : null;
}

export function Field({ label, member, children, hint, kind = '' }) {
  const id = useId();
  const isWrong = member && faultAt(member) !== null;
  return html`
    <div class=${`field ${kind} ${isWrong ? 'wrong' : ''}`}>
      <label for=${id}>${label}</label>
      ${children({ id, 'aria-invalid': isWrong || null, 'aria-describedby': isWrong ? `${id}-fault` : null })}
      ${hint && html`<small>${hint}</small>`}
      <${Fault} member=${member} id=${`${id}-fault`} />
    </div>
  `;
}

export const Select = ({ label, member, value, choices, onChange, kind }) => html`
  <${Field} ...${{ label, member, kind }}>
    ${(names) => html`
      <select ...${names} value=${value} onChange=${(event) => onChange(event.currentTarget.value)}>
        ${choices.map(
          (choice) => html`
            <option key=${choice.value} value=${choice.value} selected=${choice.value === value}>${choice.label}</option>
          `,
        )}
      </select>
    `}
  <//>
`;

/** A number; an empty box is null. */
export const NumberBox = ({ label, member, value, onChange, children, ...rest }) => html`
  <${Field} ...${{ label, member }}>
    ${(names) => html`
      <span class="joined">
        <input
          type="number"
          ...${names}
          ...${rest}
          value=${value ?? ''}
          onInput=${(event) => onChange(event.currentTarget.value === '' ? null : event.currentTarget.valueAsNumber)}
        />${children}
      </span>
    `}
  <//>
`;

export const Slider = ({
  label,
  member,
  value,
  onInput,
  onChange,
  isPlain,
  format = (number) => number,
  ...rest
}) => html`
  <${Field}
    ...${{ member }}
    label=${html`${label}${!isPlain && html` <output aria-hidden="true">${format(value)}</output>`}`}
    kind="slider"
  >
    ${(names) => html`
      <input
        type="range"
        ...${names}
        aria-label=${label}
        ...${rest}
        value=${value}
        onInput=${(event) => onInput(event.currentTarget.valueAsNumber)}
        onChange=${onChange}
      />
    `}
  <//>
`;

/** Two handles on one line: from where to where, in percent of the steps. */
export function Range({ label, start, end, onChange }) {
  const place = useRef(null);
  const change = useRef(onChange);
  change.current = onChange;
  useEffect(() => {
    const slider = createRange(place.current, {
      start: [start, end],
      connect: true,
      step: 0.01,
      margin: 0.01,
      range: { min: 0, max: 1 },
      keyboardMultiplier: 5,
      handleAttributes: [{ 'aria-label': t('range.start') }, { 'aria-label': t('range.end') }],
    });
    slider.on('slide', ([from, to]) => change.current(Number(from), Number(to)));
    return () => slider.destroy();
  }, []);
  useEffect(() => {
    const [from, to] = place.current.noUiSlider.get().map(Number);
    if (from !== start || to !== end) {
      place.current.noUiSlider.set([start, end]);
    }
  }, [start, end]);
  return html`
    <div class="field slider" role="group" aria-label=${label}>
      <span class="label"
        >${label} <output aria-hidden="true">${Math.round(100 * start)}–${Math.round(100 * end)} %</output></span
      >
      <div ref=${place}></div>
    </div>
  `;
}

/** A few choices beside each other, one of them taken. */
export function Choice({ label, value, choices, onChange, kind = '' }) {
  const name = useId();
  return html`
    <fieldset class=${`choice ${kind}`} aria-label=${label}>
      ${choices.map(
        (choice) => html`
          <label key=${choice.value} title=${choice.label}>
            <input
              type="radio"
              name=${name}
              aria-label=${choice.label}
              checked=${choice.value === value}
              onChange=${() => onChange(choice.value)}
            />
            <span>${choice.icon ? html`<${Icon} name=${choice.icon} />` : choice.label}</span>
          </label>
        `,
      )}
    </fieldset>
  `;
}

export const Switch = ({ label, checked, onChange, describe }) => html`
  <label class="switch" title=${describe ?? null}>
    <input
      type="checkbox"
      role="switch"
      checked=${checked}
      onChange=${(event) => onChange(event.currentTarget.checked)}
    />
    <span>${label}</span>
  </label>
`;
