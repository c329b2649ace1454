// How well each kind is followed: the evaluation's table with its pictures.
import { api } from '../api.js';
import { keep } from '../jobs.js';
import { cancel } from '../making.js';
import { Button, NumberBox } from '../parts/controls.js';
import { isOver, jobs } from '../state.js';
import { seconds, t, word } from '../texts.js';
import { html, signal, useEffect } from '../view.js';

const count = signal(8);
const refusal = signal(null);

async function measure() {
  refusal.value = null;
  try {
    keep(await api.evaluate({ pictures: count.value }));
  } catch (error) {
    refusal.value = error;
  }
}

const number = (value) => (Number.isFinite(value) ? value.toFixed(3) : '–');

function Table({ kinds }) {
  return html`
    <div class="scroll" tabindex="0" role="group" aria-label=${t('scoreboard')}>
      <table>
        <thead>
          <tr>
            ${['kind', 'metric', 'score', 'without', 'real', 'recovery'].map((name) => html`<th key=${name} scope="col">${t(`score.${name}`)}</th>`)}
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

function Run({ job }) {
  const pictures = (job.files ?? []).filter((file) => file.role === 'picture');
  return html`
    <li class="card run">
      <header>
        <h3>${new Date(job.created).toLocaleString()}</h3>
        <span class="quiet">${t(`state.${job.state}`)}</span>
        ${!isOver(job) && html`<${Button} icon="stop" text=${t('training.stop')} onClick=${() => cancel(job.id)} />`}
      </header>
      ${!isOver(job) &&
      html`<progress max="1" value=${job.progress?.done ?? 0} aria-label=${t('making')}></progress>
        <p class="quiet">${job.progress?.text ? word('progress', job.progress.text) : ''} ${job.progress?.secondsLeft > 0 ? t('left', { time: seconds(job.progress.secondsLeft) }) : ''}</p>`}
      ${job.facts?.kinds && html`<${Table} kinds=${job.facts.kinds} />`}
      ${pictures.length > 0 && html`<div class="several">${pictures.map((file) => html`<img key=${file.name} src=${file.url} alt=${file.name} loading="lazy" />`)}</div>`}
      ${job.error && html`<p class="fault" role="alert">${job.error.message}</p>`}
    </li>
  `;
}

export function Scoreboard() {
  useEffect(() => {
    api.jobs({ kind: 'evaluation', limit: 10 }).then(({ jobs: told }) => told.forEach(keep), () => {});
  }, []);
  const runs = [...jobs.value.values()].filter((job) => job.kind === 'evaluation').sort((a, b) => (a.id < b.id ? 1 : -1));
  return html`
    <div class="wide-page">
      <section class="card" aria-label=${t('scoreboard')}>
        <h2>${t('scoreboard')}</h2>
        <p class="quiet">${t('scoreboard.how')}</p>
        <${NumberBox} label=${t('scoreboard.pictures')} min="1" step="1" value=${count.value} onChange=${(value) => (count.value = value)} />
        ${refusal.value && html`<p class="fault" role="alert">${refusal.value.message}</p>`}
        <button type="button" class="button primary" onClick=${measure}>${t('scoreboard.start')}</button>
      </section>
      <ul class="runs" aria-label=${t('scoreboard.runs')}>${runs.map((job) => html`<${Run} key=${job.id} job=${job} />`)}</ul>
    </div>
  `;
}
