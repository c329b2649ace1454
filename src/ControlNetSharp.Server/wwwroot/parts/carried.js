// What a loaded request asks for beyond the fields of the page: it acts, so it is seen, and can be left out.
import { t } from '../texts.js';
import { html } from '../view.js';
import { Button } from './controls.js';

const valueOf = (value) => {
  if (Array.isArray(value)) {
    return `${value.length}`;
  }
  return typeof value === 'object' ? '' : `${value}`;
};

export function Carried({ members, onChange }) {
  const names = Object.keys(members);
  const leaveOut = (name) => onChange(Object.fromEntries(Object.entries(members).filter(([other]) => other !== name)));
  return (
    names.length > 0 &&
    html`
      <div class="carried">
        <span class="quiet">${t('carried')}</span>
        <ul aria-label=${t('carried')}>
          ${names.map(
            (name) => html`
              <li key=${name}>
                <span>${name} <b>${valueOf(members[name])}</b></span>
                <${Button} icon="close" label=${t('carried.leaveOut', { name })} onClick=${() => leaveOut(name)} />
              </li>
            `,
          )}
        </ul>
      </div>
    `
  );
}
