// How well each kind is followed: the evaluation's table with its pictures.
import { api } from '../api.js';
import { keep } from '../jobs.js';
import { cancel, kindsFor } from '../making.js';
import { Button, NumberBox, Select } from '../parts/controls.js';
import { EMBEDDED, isOver, jobs, picturesOf } from '../state.js';
import { seconds, t, word } from '../texts.js';
import { html, signal, useEffect } from '../view.js';

const wish = signal({ kind: '', pictures: 8, steps: 20 });
const refusal = signal(null);

async function measure() {
  const { kind, ...sizes } = wish.value;
  refusal.value = null;
  try {
    keep(await api.evaluate({ ...sizes, ...(kind && { controls: [{ kind }] }) }));
  } catch (error) {
    refusal.value = error;
  }
}

/** The kinds for which the embedded model has a ControlNet: no other is asked about here. */
const measured = () =>
  kindsFor(EMBEDDED).filter(({ takesNetwork, models }) => takesNetwork && models.some(({ model }) => model === EMBEDDED));

const number = (value) => (Number.isFinite(value) ? value.toFixed(3) : '–');

const columns = ['kind', 'metric', 'score', 'without', 'real', 'recovery'];

function Table({ kinds }) {
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label=${t('scoreboard')}>
      <table>
        <thead>
          <tr>
            ${columns.map((name) => html`<th key=${name} scope="col">${t(`score.${name}`)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${kinds.map(
            (row) => html`
              <tr key=${row.kind}>
                <th scope="row">${word('kind', row.kind)}</th>
                <td>${row.metric}</td>
                <td>${number(row.score)}</td>
                <td>${number(row.scoreWithoutControl)}</td>
                <td>${number(row.scoreOfRealPictures)}</td>
                <td><meter min="0" max="1" value=${Math.max(0, row.recovery ?? 0)}></meter> ${number(row.recovery)}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

/** `0003-canny-hint.png` → the scene 3 and what is seen of it. */
function partsOf({ name }) {
  const [, scene, what, hint] = name.match(/^(\d+)-(.+?)(-hint(?:-\d+)?)?\.png$/);
  const known = { real: t('scoreboard.real'), without: t('scoreboard.without') }[what] ?? word('kind', what);
  return { scene, caption: hint ? t('scoreboard.hint', { kind: known }) : known };
}

/** The pictures of a scene beside each other: what it is, and for each kind the hint and what follows it. */
function Scenes({ files }) {
  const scenes = Map.groupBy(
    files.map((file) => ({ ...file, ...partsOf(file) })),
    ({ scene }) => scene,
  );
  return [...scenes].map(
    ([scene, pictures]) => html`
      <div key=${scene} class="several">
        ${pictures.map(
          ({ name, url, caption }) => html`
            <figure key=${name}>
              <img src=${url} alt=${caption} loading="lazy" />
              <figcaption aria-hidden="true">${caption}</figcaption>
            </figure>
          `,
        )}
      </div>
    `,
  );
}

function Run({ job }) {
  const pictures = picturesOf(job);
  return html`
    <li class="card run">
      <header>
        <h3>${new Date(job.created).toLocaleString()}</h3>
        <span class="quiet">${t(`state.${job.state}`)}</span>
        ${!isOver(job) && html`<${Button} icon="stop" text=${t('training.stop')} onClick=${() => cancel(job.id)} />`}
      </header>
      ${
        !isOver(job) &&
        html`<progress max="1" value=${job.progress?.done ?? 0} aria-label=${t('making')}></progress>
          <p class="quiet">
            ${job.progress?.text ? word('progress', job.progress.text) : ''}
            ${job.progress?.secondsLeft > 0 ? t('left', { time: seconds(job.progress.secondsLeft) }) : ''}
          </p>`
      }
      ${job.facts?.kinds && html`<${Table} kinds=${job.facts.kinds} />`}
      <${Scenes} files=${pictures} />
      ${job.error && html`<p class="fault" role="alert">${job.error.message}</p>`}
    </li>
  `;
}

export function Scoreboard() {
  useEffect(() => {
    api.jobs({ kind: 'evaluation', limit: 10 }).then(
      ({ jobs: told }) => told.forEach(keep),
      () => {},
    );
  }, []);
  const { kind, pictures: scenes, steps } = wish.value;
  const set = (part) => (wish.value = { ...wish.value, ...part });
  const runs = [...jobs.value.values()]
    .filter((job) => job.kind === 'evaluation')
    .sort((a, b) => (a.id < b.id ? 1 : -1));
  return html`
    <div class="wide-page">
      <section class="card" aria-label=${t('scoreboard')}>
        <h2>${t('scoreboard')}</h2>
        <p class="quiet">${t('scoreboard.how')}</p>
        <div class="grid">
          <${Select}
            label=${t('scoreboard.kind')}
            value=${kind}
            choices=${[
              { value: '', label: t('scoreboard.all') },
              ...measured().map((row) => ({ value: row.kind, label: word('kind', row.kind) })),
            ]}
            onChange=${(value) => set({ kind: value })}
          />
          <${NumberBox}
            label=${t('scoreboard.pictures')}
            min="1"
            step="1"
            value=${scenes}
            onChange=${(value) => set({ pictures: value })}
          />
          <${NumberBox}
            label=${t('steps')}
            min="1"
            step="1"
            value=${steps}
            onChange=${(value) => set({ steps: value })}
          />
        </div>
        ${refusal.value && html`<p class="fault" role="alert">${refusal.value.message}</p>`}
        <button type="button" class="button primary" onClick=${measure}>${t('scoreboard.start')}</button>
      </section>
      <ul class="runs" aria-label=${t('scoreboard.runs')}>
        ${runs.map((job) => html`<${Run} key=${job.id} job=${job} />`)}
      </ul>
    </div>
  `;
}
